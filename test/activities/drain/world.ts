/**
 * A small model of what is around a drain: the log, the row of its partition, the exceptions, the destination and the time.
 * Nothing happens by itself: each statement and each request waits until the test lets it happen, fail, or lose its answer.
 */
import { type DrainResult, finish, newDrain, takeTurn } from '../../../src/activities/drain/loop.js';
import type { Drain } from '../../../src/activities/drain/roles/context.js';
import type { DrainTerms, Wishes } from '../../../src/activities/drain/state.js';
import type { DrainStore, UnsignedFlush } from '../../../src/activities/drain/store.js';
import { countUndecided, emptyWindow, record, sequencesIn, stateOf } from '../../../src/domain/delivery/cursor.js';
import type { Attempt } from '../../../src/domain/delivery/outcomes.js';
import type { FlushAnswer } from '../../../src/store/delivery/flush.js';
import type { LogEvent } from '../../../src/store/bodies/bodies.js';
import type { Canaries } from '../../../src/domain/delivery/canary.js';
import { type Kind, KINDS } from '../../../src/domain/events/kinds.js';
import { eventOf, idOf, TERMS } from './states.js';

/** Every seventeenth body cannot be opened. */
export const isReadable = (seq: number): boolean => seq % 17 !== 0;
const seqOf = (id: Buffer): number => Number(id.toString());
/** Where canaries matter the events are of two kinds. */
const kindOf = (seq: number): Kind => (seq % 3 === 0 ? 'feedback' : 'transcript');

const LEADS_TO = { accepted: 'delivered', 'not-accepted': 'to-resend', refused: 'held', unknown: 'look-up' } as const;

const ANSWERS = {
  accepted: { outcome: 'accepted', receipt: { inletId: 'inlet' } },
  refused: { outcome: 'refused', scope: 'event', status: 400 },
  /** Turned away like every other event. */
  busy: { outcome: 'refused', scope: 'destination', status: 429 },
  unclear: { outcome: 'unknown', scope: 'event', probably: 'either', cause: 'ECONNRESET' },
} as const satisfies Record<string, Attempt>;

interface Exception {
  readonly id: number;
  readonly seq: number;
  attempts: number;
  state: 'sending' | 'to-resend' | 'look-up' | 'held' | 'delivered';
}

interface Statement {
  readonly name: string;
  readonly happen: () => void;
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
}

interface Post {
  readonly seq: number;
  readonly mayStart: () => boolean;
  begun: boolean;
  readonly answer: (attempt: Attempt) => void;
}

export class World {
  nowMs = 1_000;
  readonly log: LogEvent[] = [];
  lastSeq = 0;
  window = emptyWindow(0);
  flushNumber = 0;
  fenceHeld = true;
  leaseUntilMs = this.nowMs + TERMS.leaseMs;
  idle = false;
  gate = { open: true, epoch: TERMS.gateEpoch };
  serverChanged = false;
  stop: Wishes['stop'] = false;
  sliceMs = Number.POSITIVE_INFINITY;
  readonly exceptions: Exception[] = [];
  statements: Statement[] = [];
  posts: Post[] = [];
  /** Of each event, how its last request that was begun stands; absent: none was. */
  readonly begun = new Map<number, 'open' | 'accepted' | 'turned-away' | 'unclear'>();
  readonly accepted: number[] = [];
  /** Kinds that are not proven, and the event that is sent first. */
  readonly canaries = new Map<Kind, string | undefined>();
  readonly drain: Drain;
  result: DrainResult | Error | undefined;
  private hasFinished = false;
  private clockReads = 0;
  private lookedMs = this.nowMs;

  constructor(terms: Partial<DrainTerms> = {}, { canaries = false }: { readonly canaries?: boolean } = {}) {
    if (canaries) for (const kind of KINDS) this.canaries.set(kind, undefined);
    const clock = { monotonicMs: () => this.read(), wallMs: () => this.nowMs };
    const leasedAt = { monotonicMs: this.nowMs, wallMs: this.nowMs };
    this.drain = newDrain(
      {
        clock,
        store: this.store(),
        open: ({ first, resend }) => {
          const { eventId } = first ?? resend;
          return isReadable(seqOf(eventId)) ? { body: eventId } : { fault: 'its body was damaged on disk, or is gone' };
        },
        post: (body, { mayStart }) => this.post(seqOf(body), mayStart),
        heard: () => undefined,
        databaseFailed: () => undefined,
        leaveBehind: () => undefined,
        flushed: () => undefined,
        heartbeat: () => undefined,
        onInsert: () => () => undefined,
        onDue: () => () => undefined,
        wishes: () => ({ stop: this.stop, sliceMs: this.sliceMs, lingerMs: 1_000 }),
        pause: () => Promise.resolve(),
        leaves: () => undefined,
      },
      {
        terms: { ...TERMS, ...terms },
        claim: { window: this.window, cursorLoggedAt: 0 },
        canaries: new Map(this.canaries),
        leasedAt,
        requestsPerSecond: 100_000,
      },
      () => undefined,
    );
  }

  /** A turn that does not come to an end is an error of the decisions. */
  private read(): number {
    this.clockReads += 1;
    if (this.clockReads > 20_000) throw new Error('the turn does not end');
    return this.nowMs;
  }

  /** What the loop does when something has changed. */
  async turn(): Promise<void> {
    await turned();
    if (this.hasFinished) return;
    this.clockReads = 0;
    this.lookForResends();
    this.drain.state.wishes = { stop: this.stop, sliceMs: this.sliceMs, lingerMs: 1_000 };
    if (takeTurn(this.drain) === 'wait') return;
    this.hasFinished = true;
    void finish(this.drain).then(
      (result) => (this.result = result),
      (error: Error) => (this.result = error),
    );
    await turned();
  }

  /** As the process does, for all its drains. */
  private lookForResends(): void {
    if (this.nowMs - this.lookedMs < 2_000) return;
    this.lookedMs = this.nowMs;
    if (this.exceptions.some(({ state }) => state === 'to-resend')) this.drain.state.chores.moreResendsDue = true;
  }

  insert(count: number, { gap = false } = {}): void {
    if (gap) this.lastSeq += 1;
    for (let n = 0; n < count; n += 1) {
      this.lastSeq += 1;
      this.log.push(eventOf(this.lastSeq, kindOf(this.lastSeq)));
    }
    if (!this.idle) return;
    this.idle = false;
    this.drain.state.chores.insertHeard = true;
  }

  /** Those that were accepted are seen in the lake; of those that were refused, the next of their kind is the canary. */
  prove(): void {
    for (const [kind, canary] of this.canaries) {
      if (canary === undefined) continue;
      const seq = seqOf(Buffer.from(canary, 'hex'));
      if (this.accepted.includes(seq)) this.canaries.delete(kind);
      else if (this.exceptionOf(seq)?.state === 'held') this.canaries.set(kind, undefined);
    }
  }

  private chooseCanaries(candidates: readonly { readonly kind: Kind; readonly eventId: Buffer }[]): Canaries {
    const due = this.exceptions.filter(({ state }) => state === 'to-resend');
    for (const { kind, eventId } of [
      ...candidates,
      ...due.map(({ seq }) => ({ kind: kindOf(seq), eventId: idOf(seq) })),
    ]) {
      if (this.canaries.has(kind)) this.canaries.set(kind, this.canaries.get(kind) ?? eventId.toString('hex'));
    }
    return new Map(this.canaries);
  }

  private waitsForCanary({ seq }: Exception): boolean {
    return this.canaries.has(kindOf(seq)) && this.canaries.get(kindOf(seq)) !== idOf(seq).toString('hex');
  }

  /** Another drain takes the partition; only once the lease is over. */
  takeOver(): void {
    if (!this.fenceHeld || this.nowMs < this.leaseUntilMs) return;
    this.fenceHeld = false;
    const undecided = sequencesIn(this.window, 'undecided');
    for (const seq of undecided) this.except(seq, 'look-up');
    this.window = record(this.window, { decided: undecided, withdrawn: [] });
  }

  private except(seq: number, state: Exception['state']): void {
    if (this.exceptionOf(seq) !== undefined) throw new Error(`${seq} has an exception already`);
    this.exceptions.push({ id: this.exceptions.length + 1, seq, attempts: 1, state });
  }

  exceptionOf(seq: number): Exception | undefined {
    return this.exceptions.findLast((one) => one.seq === seq);
  }

  private post(seq: number, mayStart: () => boolean): Promise<Attempt> {
    return new Promise((resolve) => this.posts.push({ seq, mayStart, begun: false, answer: resolve }));
  }

  /** The first byte leaves, if it may. */
  begin(post: Post): void {
    if (post.begun) return;
    if (!post.mayStart()) return this.close(post, { outcome: 'not-sent', cause: 'not any more' });
    post.begun = true;
    const before = this.begun.get(post.seq);
    if (before !== undefined && before !== 'turned-away') throw new Error(`${post.seq} is sent again: ${before}`);
    const isIntended =
      stateOf(this.window, post.seq) === 'undecided' || this.exceptionOf(post.seq)?.state === 'sending';
    if (!isIntended) throw new Error(`${post.seq} is sent without an intent`);
    const canary = this.canaries.get(kindOf(post.seq));
    if (this.canaries.has(kindOf(post.seq)) && canary !== idOf(post.seq).toString('hex'))
      throw new Error(`${post.seq} is sent before its canary is proven`);
    this.begun.set(post.seq, 'open');
  }

  answer(post: Post, how: keyof typeof ANSWERS): void {
    this.begin(post);
    if (!post.begun) return;
    if (how === 'accepted') this.accepted.push(post.seq);
    this.begun.set(post.seq, how === 'accepted' ? how : how === 'busy' ? 'turned-away' : 'unclear');
    this.close(post, ANSWERS[how]);
  }

  private close(post: Post, attempt: Attempt): void {
    this.posts = this.posts.filter((one) => one !== post);
    post.answer(attempt);
  }

  /** A statement is made and answered; fails; is made, and its answer is lost; or cannot be made at all. */
  end(statement: Statement, how: 'made' | 'failed' | 'answer-lost' | 'refused'): void {
    this.statements = this.statements.filter((one) => one !== statement);
    if (how === 'answer-lost') statement.happen();
    if (how === 'made') statement.answer();
    else
      statement.fail(
        how === 'refused' ? Object.assign(new Error('no such table'), { code: '42P01' }) : new Error('cut'),
      );
  }

  private statement<T>(name: string, happen: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let done: { readonly value: T } | undefined;
      const once = () => (done ??= { value: happen() });
      this.statements.push({ name, happen: once, answer: () => resolve(once().value), fail: reject });
    });
  }

  private store(): DrainStore {
    const page = (events: LogEvent[]) => events.slice(0, 8);
    return {
      readPage: ({ afterSeq }) => this.statement('readPage', () => page(this.log.filter(({ seq }) => seq > afterSeq))),
      readEvents: ({ seqs }) => this.statement('readEvents', () => this.log.filter(({ seq }) => seqs.includes(seq))),
      flush: (request) => this.statement('flush', () => this.flush(request)),
      findFlush: (request) => this.statement('findFlush', () => this.findFlush(request)),
      recordLate: (verdicts) =>
        this.statement('recordLate', () => {
          for (const { of, attempt, verdict } of verdicts) {
            const exception =
              'seq' in of ? this.exceptionOf(of.seq) : this.exceptions.find(({ id }) => id === of.exceptionId);
            if (exception === undefined) continue;
            if (attempt === exception.attempts || verdict.kind === 'accepted') exception.state = LEADS_TO[verdict.kind];
          }
        }),
      recordSetBack: () => this.statement('recordSetBack', () => undefined),
      isGateOpen: () => this.statement('isGateOpen', () => this.gate.open),
      chooseCanaries: (candidates) => this.statement('chooseCanaries', () => this.chooseCanaries(candidates)),
      readCanaries: () => this.statement('readCanaries', () => new Map(this.canaries)),
      expireUnanswered: () => this.statement('expireUnanswered', () => undefined),
      claimResends: ({ limit }) =>
        this.statement('claimResends', () => {
          const isHeld = this.fenceHeld && this.gate.open && this.nowMs < this.leaseUntilMs;
          const isDue = (one: Exception) => one.state === 'to-resend' && !this.waitsForCanary(one);
          const due = isHeld ? this.exceptions.filter(isDue).slice(0, limit) : [];
          return due.map((one) => {
            one.state = 'sending';
            one.attempts += 1;
            return {
              kind: kindOf(one.seq),
              exceptionId: one.id,
              attempt: one.attempts,
              eventId: idOf(one.seq),
              sealed: idOf(one.seq),
            };
          });
        }),
      countOthers: () => this.statement('countOthers', () => ({ partitions: 1, busy: 0 })),
      markIdle: ({ intended }) =>
        this.statement('markIdle', () => {
          if (!this.fenceHeld) return { idle: false, lost: true };
          if (this.lastSeq > intended) {
            const hasEvent = this.log.some(({ seq }) => seq > intended);
            return { idle: false, absentThrough: hasEvent ? undefined : this.lastSeq };
          }
          this.idle = true;
          return { idle: true };
        }),
      answerWake: () => this.statement('answerWake', () => undefined),
      release: () => this.statement('release', () => undefined),
    };
  }

  private flush(request: UnsignedFlush): FlushAnswer | undefined {
    if (!this.fenceHeld || this.flushNumber !== request.number - 1) return undefined;
    const granted = this.gate.open && this.nowMs < this.leaseUntilMs && !this.serverChanged;
    this.flushNumber = request.number;
    this.leaseUntilMs = this.nowMs + TERMS.leaseMs;
    this.window = granted ? request.intended : request.recorded;
    for (const { event, reason } of request.exceptions) {
      this.except(event.seq, reason === 'in-flight' ? 'sending' : reason === 'unknown' ? 'look-up' : 'held');
    }
    return { held: true, granted, handoverAsked: false, epoch: this.gate.epoch, serverChanged: this.serverChanged };
  }

  private findFlush({ number, intended }: UnsignedFlush): FlushAnswer | undefined {
    if (!this.fenceHeld) return { held: false };
    if (this.flushNumber !== number) return undefined;
    const granted =
      this.window.intended === intended.intended &&
      countUndecided(this.window) === countUndecided(intended) &&
      stateOf(this.window, intended.cursor) === 'passed';
    return { held: true, granted, handoverAsked: false, serverChanged: this.serverChanged };
  }
}

/** All that follows from what was answered has happened. */
const turned = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
