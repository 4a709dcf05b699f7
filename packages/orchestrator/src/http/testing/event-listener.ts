/** Follows `/v2/events` over a real socket, for tests. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

/** Reads a stream until a text has come. Of long ones it remembers the end. */
export class Listener {
  text = '';
  readonly response: IncomingMessage;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      this.text += part;
      if (this.text.length > 400_000) this.text = this.text.slice(-100_000);
    });
  }

  async until(wanted: string): Promise<string> {
    while (!this.text.includes(wanted)) await once(this.response, 'data');
    return this.text;
  }

  leave(): void {
    this.response.destroy();
  }
}

/** Opens a stream. @param url e.g. `http://127.0.0.1:8080/v2/events` */
export async function listenTo(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
  const asked = request(url, { headers: { accept: 'text/event-stream', ...headers } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return new Listener(response);
}
