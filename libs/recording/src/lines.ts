import { crc32 } from 'node:zlib';
import type { Fleet } from '#core';
import type { RecordedTurn } from '#engine';
import { toJson } from './encoding.js';
import type { Ending, Header, ThrownTurn } from './format.js';

/** How long the checksum is at the end of a line: `,"sum":"0a1b2c3d"}`. */
const TAIL = /,"sum":"([0-9a-f]{8})"\}$/;

/** A checksum over a line's JSON, which goes on from that of the line before: a line that is missing is noticed too. */
export const sumOf = (json: string, before: number): number => crc32(json, before);

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');

/** A line's JSON and the checksum it carries; undefined where it carries none. */
export function splitLine(line: string): { readonly json: string; readonly sum: number } | undefined {
  const tail = TAIL.exec(line);
  return tail ? { json: `${line.slice(0, tail.index)}}`, sum: Number.parseInt(tail[1]!, 16) } : undefined;
}

/** Makes the lines of one file. */
export class Lines {
  private sum = 0;
  private turns = 0;

  header(header: Header, snapshot: Fleet): string {
    return this.line({
      ...header,
      snapshot: { ...snapshot, index: undefined, rerouted: undefined, now: undefined },
    });
  }

  turn({ turn, now, events, actions }: RecordedTurn): string {
    this.turns += 1;
    return this.line({ turn, now, events, actions });
  }

  ending(end: Ending['end'], dropped = 0, failed?: ThrownTurn): string {
    return this.line({ end, turns: this.turns, dropped, ...(failed ? { failed } : {}) });
  }

  /** Any line. */
  line(content: object): string {
    const json = toJson(content);
    this.sum = sumOf(json, this.sum);
    return `${json.slice(0, -1)},"sum":"${hex(this.sum)}"}\n`;
  }
}
