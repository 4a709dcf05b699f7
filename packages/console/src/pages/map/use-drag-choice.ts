/** Draws a box with the mouse around tiles, to choose them. Whoever has no mouse has their checkboxes. */
import { useRef, useState, type CSSProperties, type PointerEvent } from 'react';

/** So far a mouse must go before it draws: less is a click. */
const BEGINS_AT_PX = 6;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What the element around the tiles gets, and the box, in the window, while one is drawn. */
export interface DragChoice {
  readonly handlers: {
    readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerMove: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerUp: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerCancel: () => void;
  };
  readonly box: CSSProperties | undefined;
}

/** @param onChoose is given the `data-node` of every element that the box touches */
export function useDragChoice(onChoose: (ids: readonly string[]) => void): DragChoice {
  const start = useRef<Point>(undefined);
  const [box, setBox] = useState<Box>();
  const end = (): void => {
    start.current = undefined;
    setBox(undefined);
  };
  return {
    box,
    handlers: {
      onPointerDown(event) {
        const isOnSomething = event.target instanceof Element && event.target.closest('a, button, input') !== null;
        if (event.pointerType !== 'mouse' || event.button !== 0 || isOnSomething) return;
        start.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove(event) {
        const from = start.current;
        if (from === undefined) return;
        const drawn = boxOf(from, { x: event.clientX, y: event.clientY });
        if (box !== undefined || drawn.width + drawn.height >= BEGINS_AT_PX) setBox(drawn);
      },
      onPointerUp(event) {
        if (box !== undefined) onChoose(touched(event.currentTarget, box));
        end();
      },
      onPointerCancel: end,
    },
  };
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(one: Point, other: Point): Box {
  return {
    left: Math.min(one.x, other.x),
    top: Math.min(one.y, other.y),
    width: Math.abs(one.x - other.x),
    height: Math.abs(one.y - other.y),
  };
}

function touched(around: HTMLElement, { left, top, width, height }: Box): readonly string[] {
  return [...around.querySelectorAll<HTMLElement>('[data-node]')].flatMap((tile) => {
    const place = tile.getBoundingClientRect();
    const isApart = place.right < left || place.left > left + width || place.bottom < top || place.top > top + height;
    return isApart ? [] : (tile.dataset['node'] ?? []);
  });
}
