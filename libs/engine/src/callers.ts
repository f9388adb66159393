import type { RequestId } from '#core';
import type { Answer, ResolveQuery } from './answer.js';

/** The waiting requests, each until its one answer. */
export class Callers {
  private readonly waiting = new Map<RequestId, { query: ResolveQuery; answer: (answer: Answer) => void }>();

  /** Resolves with the answer to the request. */
  add(id: RequestId, query: ResolveQuery): Promise<Answer> {
    return new Promise((resolve) => this.waiting.set(id, { query, answer: resolve }));
  }

  queryOf(id: RequestId): ResolveQuery | undefined {
    return this.waiting.get(id)?.query;
  }

  /** Answers a request, unless it was answered or forgotten before. */
  answer(id: RequestId, answer: Answer): void {
    this.waiting.get(id)?.answer(answer);
    this.waiting.delete(id);
  }

  answerAll(answer: Answer): void {
    for (const id of [...this.waiting.keys()]) this.answer(id, answer);
  }

  /** Forgets a request whose answer is not read any more. Says whether it still waited. */
  forget(id: RequestId): boolean {
    return this.waiting.delete(id);
  }
}
