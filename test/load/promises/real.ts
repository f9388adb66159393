import type { Millis } from '#core';
import { type Figure, median, rounded } from '../figure.js';
import { Caller } from '../rpc.js';
import { play } from '../storm/open-loop.js';
import { answerCounts, between, isInTime, type Outcome, share, waited } from '../storm/outcomes.js';
import { loadsOn, startBerthFor, startServers } from '../storm/stage.js';
import { AT_ONCE } from './figures.js';
import { asksOf, scenarios } from './scenarios.js';

const GOAL = 0.98;
/** Memory fills and load times are learned before it counts. */
const LEARNED: Millis = 30_000;
const END: Millis = 90_000;

/** The first scenario with processes: a Berth in front of simulated Tritons. Which requests it lets wait is seen from outside. */
export async function realPromises(): Promise<Figure> {
  const scenario = { ...scenarios()[0]!, end: END };
  const servers = await startServers(scenario.workload);
  const berth = await startBerthFor(scenario.workload, servers);
  const caller = new Caller(berth.grpc);
  const loads = { before: 0, after: 0 };
  const cues = [
    { at: LEARNED, act: async () => void (loads.before = await loadsOn(servers)) },
    { at: END, act: async () => void (loads.after = await loadsOn(servers)) },
  ];
  try {
    const outcomes = await play(caller, asksOf(scenario), cues);
    return figureOf(between(outcomes, LEARNED, END), loads.after - loads.before);
  } finally {
    caller.close();
    await berth.end();
    for (const server of servers) await server.end();
  }
}

function figureOf(all: readonly Outcome[], loads: number): Figure {
  const isRefused = (one: Outcome): boolean => !isInTime(one);
  const letWait = all.filter((one) => one.answer !== 'warm' && !(isRefused(one) && waited(one) < AT_ONCE));
  const turnedAway = letWait.filter(isRefused);
  const seconds = (END - LEARNED) / 1_000;
  const perSecond = (some: readonly Outcome[]): number => rounded(some.filter(isInTime).length / seconds);
  const value = share(letWait, isInTime);
  return {
    ...{ name: 'promise_real', value, unit: 'share of requests let wait that were served, with processes' },
    ...{ goal: `>= ${GOAL}`, met: value >= GOAL },
    details: {
      ...{ servedPerSecond: perSecond(all), coldPerSecond: perSecond(letWait) },
      ...{ asked: all.length, letWait: letWait.length, loadsPerSecond: rounded(loads / seconds) },
      toldNoAfterWaiting: {
        ...{ n: turnedAway.length, ofAll: rounded(turnedAway.length / all.length) },
        medianMs: rounded(median(turnedAway.map(waited))),
      },
      answers: answerCounts(all),
    },
  };
}
