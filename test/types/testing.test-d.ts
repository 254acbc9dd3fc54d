import type { INestApplication } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { encrypt, SessionStorageMemory } from 'nest-sessions';
import {
  FaultStorage,
  ForwardingStorage,
  GateStorage,
  signIn,
  storageConformance,
  transformerConformance,
  type ConformanceCase,
  type Fault,
  type Held,
  type Point,
  type TransformerConformanceOptions,
} from 'nest-sessions/testing';
import request from 'supertest';

class Cart {
  items: string[] = [];
  currency = 'EUR';
}

interface Visitor {
  visits: number;
}

export async function ofTests(app: INestApplication, module: TestingModule): Promise<void> {
  const headers: Record<string, string> = await signIn(app, Cart, { items: ['lamp'] });
  await signIn(module, Cart, { items: ['lamp'] }, headers);
  await signIn(app, 'cart', { anything: 1 });
  await signIn<Visitor>(app, 'visitor', { visits: 1 });
  // @ts-expect-error not the class's data
  await signIn(app, Cart, { items: [1] });
  // @ts-expect-error a key that the class does not have
  await signIn(app, Cart, { item: 'lamp' });
  // @ts-expect-error not the type's data
  await signIn<Visitor>(app, 'visitor', { visits: 'one' });
  // @ts-expect-error which session is always said
  await signIn(app);
  await request('http://localhost').get('/').set(headers);
  await fetch('http://localhost', { headers });
}

export async function ofStorages(): Promise<void> {
  const cases: readonly ConformanceCase[] = storageConformance({
    create: async (clock) => new SessionStorageMemory({ clock }),
    conditionalWrites: true,
    expires: false,
    pass: (milliseconds, clock) => clock.advance(milliseconds),
  });
  for (const { run } of cases) await run();
  // @ts-expect-error what to try must be said
  storageConformance({});

  const faults = new FaultStorage(new ForwardingStorage(new SessionStorageMemory()));
  const fault: Fault = 'delay';
  await faults.set('write', fault, { times: 1, code: 'ENOSPC' });
  // @ts-expect-error no fault
  void faults.set('write', 'explode');
  const point: Point = 'before write';
  const held: Held = new GateStorage(faults).hold(point);
  held.release();
  // @ts-expect-error no point
  new GateStorage(faults).hold('during write');
}

export async function ofTransformers(): Promise<void> {
  const options: TransformerConformanceOptions = {
    create: () => encrypt(['a'.repeat(32)]),
    other: async () => encrypt(['b'.repeat(32)]),
    authenticates: true,
    hides: true,
  };
  const cases: readonly ConformanceCase[] = transformerConformance(options);
  for (const { run } of cases) await run();
  // @ts-expect-error what to try must be said
  transformerConformance({});
  // @ts-expect-error no transformer
  transformerConformance({ create: () => ({ authenticates: true, seal: (bytes: Uint8Array) => bytes }) });
}
