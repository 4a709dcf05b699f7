/**
 * The expression language of Traefik's circuit breakers and of its retries after buffering: functions of numbers, compared
 * by `> >= < <= == !=`, joined by `&& || !` and parentheses.
 */
import { limits } from '../../limits.ts';
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';

/** What functions give and comparisons take. */
export type Value = number | string | boolean;

/** The functions that an expression may call, with the number of arguments that each takes. */
export type Signatures = Readonly<Record<string, number>>;

/** Answers a call. */
export type Caller = (name: string, values: readonly number[]) => Value;

/** A parsed expression. */
export type Condition = (call: Caller) => boolean;

/** What a circuit breaker may ask. */
export const breakerSignatures: Signatures = { NetworkErrorRatio: 0, ResponseCodeRatio: 4, LatencyAtQuantileMS: 1 };

/** What a retry after buffering may ask. */
export const retrySignatures: Signatures = { IsNetworkError: 0, Attempts: 0, ResponseCode: 0, RequestMethod: 0 };

interface Token {
  readonly kind: 'number' | 'string' | 'word' | 'sign';
  readonly text: string;
}
type Node = (call: Caller) => Value;

const SIGNS = /^(&&|\|\||>=|<=|==|!=|[><!(),])/;
const COMPARISONS = ['>', '>=', '<', '<=', '==', '!='];

/** Reads an expression. */
export function parseCondition(text: string, signatures: Signatures): Parsed<Condition> {
  if (text.length > limits.expressionCharacters) {
    return unparsed(`an expression is longer than ${limits.expressionCharacters} characters`);
  }
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  const reader = new Reader(tokens.value, signatures);
  const node = reader.either(0);
  if (!node.ok) return node;
  const rest = reader.rest();
  if (rest !== undefined) return unparsed(`'${rest}' is left over in the expression`);
  return parsed((call) => node.value(call) === true);
}

function tokenize(text: string): Parsed<readonly Token[]> {
  const tokens: Token[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const sign = SIGNS.exec(rest)?.[0];
    const number = /^\d+(\.\d+)?/.exec(rest)?.[0];
    const word = /^[A-Za-z]\w*/.exec(rest)?.[0];
    const quoted = /^(?:"[^"]*"|`[^`]*`)/.exec(rest)?.[0];
    const found = sign ?? number ?? word ?? quoted;
    if (found === undefined) return unparsed(`'${rest.charAt(0)}' is not expected in an expression`);
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'string', text: found.slice(1, -1) });
    rest = rest.slice(found.length).trimStart();
  }
  return tokens.length === 0 ? unparsed('the expression is empty') : parsed(tokens);
}

/** Recursive descent, bounded in depth by {@link limits.ruleDepth}. */
class Reader {
  private readonly tokens: readonly Token[];
  private readonly signatures: Signatures;
  private index = 0;

  constructor(tokens: readonly Token[], signatures: Signatures) {
    this.tokens = tokens;
    this.signatures = signatures;
  }

  rest(): string | undefined {
    return this.tokens[this.index]?.text;
  }

  either(depth: number): Parsed<Node> {
    if (depth > limits.ruleDepth) return unparsed(`parentheses go deeper than ${limits.ruleDepth}`);
    let left = this.both(depth);
    while (left.ok && this.takes('||')) {
      const right = this.both(depth);
      if (!right.ok) return right;
      const [one, other] = [left.value, right.value];
      left = parsed((call) => one(call) === true || other(call) === true);
    }
    return left;
  }

  private both(depth: number): Parsed<Node> {
    let left = this.comparison(depth);
    while (left.ok && this.takes('&&')) {
      const right = this.comparison(depth);
      if (!right.ok) return right;
      const [one, other] = [left.value, right.value];
      left = parsed((call) => one(call) === true && other(call) === true);
    }
    return left;
  }

  private comparison(depth: number): Parsed<Node> {
    const left = this.operand(depth);
    const sign = this.tokens[this.index];
    if (!left.ok || sign?.kind !== 'sign' || !COMPARISONS.includes(sign.text)) return left;
    this.index += 1;
    const right = this.operand(depth);
    if (!right.ok) return right;
    const [one, other] = [left.value, right.value];
    return parsed((call) => compare(sign.text, one(call), other(call)));
  }

  private operand(depth: number): Parsed<Node> {
    if (depth > limits.ruleDepth) return unparsed(`parentheses go deeper than ${limits.ruleDepth}`);
    if (this.takes('!')) {
      const inner = this.operand(depth + 1);
      if (!inner.ok) return inner;
      const { value } = inner;
      return parsed((call) => value(call) !== true);
    }
    if (this.takes('(')) {
      const inner = this.either(depth + 1);
      if (!inner.ok) return inner;
      return this.takes(')') ? inner : unparsed('a ( is not closed');
    }
    const token = this.tokens[this.index];
    if (token === undefined) return unparsed('the expression ends too early');
    this.index += 1;
    if (token.kind === 'number') return parsed(constant(Number(token.text)));
    if (token.kind === 'string') return parsed(constant(token.text));
    if (token.kind === 'sign') return unparsed(`'${token.text}' is not expected here`);
    return this.call(token.text);
  }

  private call(name: string): Parsed<Node> {
    const arity = this.signatures[name];
    if (arity === undefined || !Object.hasOwn(this.signatures, name)) {
      return unparsed(`there is no function '${name}'. Known: ${Object.keys(this.signatures).join(', ')}`);
    }
    if (!this.takes('(')) return unparsed(`${name} needs parentheses`);
    const values: number[] = [];
    while (!this.takes(')')) {
      const token = this.tokens[this.index];
      if (token?.kind !== 'number') return unparsed(`${name} takes numbers`);
      values.push(Number(token.text));
      this.index += 1;
      if (!this.takes(',') && this.tokens[this.index]?.text !== ')') return unparsed(`${name}( is not closed`);
    }
    if (values.length !== arity) return unparsed(`${name} takes ${arity} numbers, not ${values.length}`);
    return parsed((call) => call(name, values));
  }

  private takes(sign: string): boolean {
    const token = this.tokens[this.index];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.index += 1;
    return true;
  }
}

function constant(value: Value): Node {
  return () => value;
}

function compare(sign: string, left: Value, right: Value): boolean {
  if (sign === '==') return left === right;
  if (sign === '!=') return left !== right;
  if (typeof left !== 'number' || typeof right !== 'number') return false;
  if (sign === '>') return left > right;
  if (sign === '>=') return left >= right;
  return sign === '<' ? left < right : left <= right;
}
