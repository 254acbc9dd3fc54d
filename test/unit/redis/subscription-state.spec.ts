import { describe, expect, it } from 'vitest';
import { SubscriptionState } from '../../../src/redis/subscription-state.js';

function stateAndTold() {
  const told: string[] = [];
  const state = new SubscriptionState({ heard: (message) => told.push(message), lost: () => told.push('(lost)') });
  return { state, told };
}

describe('SubscriptionState', () => {
  it('tells of no loss before it has subscribed', () => {
    const { state, told } = stateAndTold();
    state.dropped();
    state.isBack();
    state.missed();
    state.subscribed();
    expect(told).toEqual([]);
  });

  it('tells of a drop once, however often that is said, and again when it is back', () => {
    const { state, told } = stateAndTold();
    state.subscribed();
    for (let times = 0; times < 3; times++) state.dropped();
    expect(told).toEqual(['(lost)']);
    for (let times = 0; times < 3; times++) state.isBack();
    expect(told).toEqual(['(lost)', '(lost)']);
    state.dropped();
    state.subscribed();
    expect(told).toHaveLength(4);
  });

  it('tells each time that messages may be missing', () => {
    const { state, told } = stateAndTold();
    state.subscribed();
    state.missed();
    state.missed();
    state.dropped();
    state.missed();
    expect(told).toHaveLength(4);
  });

  it('tells nothing any more once it is closed', () => {
    const { state, told } = stateAndTold();
    state.subscribed();
    state.heard('hello');
    state.close();
    state.heard('late');
    for (const happens of ['dropped', 'isBack', 'missed', 'subscribed', 'dropped'] as const) state[happens]();
    expect(told).toEqual(['hello']);
    expect(state.isClosed).toBe(true);
  });
});
