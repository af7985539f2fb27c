import { once } from 'node:events';
import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http';
import { createConnection, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AdminHttpServer,
  MAX_NEW_CONNECTIONS,
  MAX_SCRAPERS,
  MAX_SCRAPERS_PER_ADDRESS,
  type Scraper,
  scraperToClose,
} from '../../src/server/admin-connections.ts';
import { httpGet } from '../support/http-get.ts';
import { waitFor } from '../support/wait-for.ts';

const busy = (address: string, count: number): Scraper[] =>
  Array.from({ length: count }, () => ({ address, isIdle: false }));
const idle = (address: string): Scraper => ({ address, isIdle: true });

describe('which scraper is disconnected', () => {
  const full = MAX_SCRAPERS_PER_ADDRESS;
  const rest = MAX_SCRAPERS - full;
  it.each([
    ['none', [], undefined],
    ['one', busy('a', 1), undefined],
    ['as many as an address may have', busy('a', full), undefined],
    ['one more of an address: the new one', busy('a', full + 1), full],
    ['one more of an address with an idle one', [...busy('a', 2), idle('a'), ...busy('a', full - 2)], 2],
    ['an idle one of another address', [idle('b'), ...busy('a', full + 1)], full + 1],
    ['as many as there may be', [...busy('a', full), ...busy('b', rest)], undefined],
    [
      'one more of a third address: the oldest of the largest',
      [...busy('c', 1), ...busy('a', full), ...busy('b', rest - 1), ...busy('c', 1)],
      1,
    ],
    [
      'one more, with an idle one',
      [...busy('a', full), ...busy('b', rest - 1), idle('b'), ...busy('c', 1)],
      MAX_SCRAPERS - 1,
    ],
    [
      'one more, each of its own address',
      Array.from({ length: MAX_SCRAPERS + 1 }, (_, at) => busy(`${at}`, 1)).flat(),
      0,
    ],
  ])('%s', (_, scrapers, expected) => {
    const chosen = scraperToClose(scrapers);
    expect(chosen && scrapers.indexOf(chosen)).toBe(expected);
  });
});

let server: AdminHttpServer;
let port: number;
let answered: number;
let excess: number;
let release: () => void;
let sockets: Socket[];
let agents: Agent[];
beforeEach(async () => {
  answered = 0;
  excess = 0;
  sockets = [];
  agents = [];
  const released = new Promise<void>((resolve) => (release = resolve));
  server = new AdminHttpServer(() => (excess += 1)).answerBy((request, response) => {
    if (request.url !== '/metrics') response.end('ok');
    else if (server.admitScraper(request, response)) void released.then(() => response.end('metrics'));
    else return;
    answered += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has this kind of address.
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const agent of agents) agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function connect(): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Resolves with an answer, or rejects when the connection is closed. By default, each call is a connection of its own, which is kept. */
async function scrape(
  localAddress = '127.0.0.1',
  path = '/metrics',
  agent = new Agent({ keepAlive: true }),
): Promise<IncomingMessage & { readonly req: ClientRequest }> {
  agents.push(agent);
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent, localAddress });
    request.on('response', (response) => resolve(Object.assign(response, { req: request }))).on('error', reject);
  });
}

const isClosed = (socket: Socket): boolean => socket.destroyed;

it.each([
  ['/metrics', true],
  ['/livez', false],
  ['/nothing-here', false],
])('after GET %s the connection is used again: %j', async (path, isKept) => {
  release();
  const agent = new Agent({ keepAlive: true });
  await text(await scrape('127.0.0.1', path, agent));
  expect((await scrape('127.0.0.1', path, agent)).req.reusedSocket).toBe(isKept);
});

it('of connections that send nothing, the newest stay, and a probe is answered', async () => {
  const more = 20;
  const opened: Socket[] = [];
  for (let count = 0; count < MAX_NEW_CONNECTIONS + more; count += 1) opened.push(await connect());
  await waitFor('the oldest to be closed', () => opened.filter(isClosed).length >= more);
  expect(await httpGet(port, '/livez')).toEqual({ status: 200, text: 'ok' });
  // The probe was one more.
  await waitFor('one more to be closed', () => opened.filter(isClosed).length === more + 1);
  expect(opened.findIndex((socket) => !isClosed(socket))).toBe(more + 1);
  expect(excess).toBe(more + 1);
});

it('scrapers beyond the limit of an address are disconnected, others and probes are answered', async () => {
  const more = 30;
  const scrapes = Array.from({ length: MAX_SCRAPERS_PER_ADDRESS + more }, async () => scrape());
  const settled = Promise.allSettled(scrapes);
  await waitFor('the connections to be closed', () => excess === more);
  expect(await httpGet(port, '/livez')).toEqual({ status: 200, text: 'ok' });
  const other = scrape('127.0.0.2');
  await waitFor('the other one to wait', () => answered === MAX_SCRAPERS_PER_ADDRESS + 2);
  release();
  expect((await other).statusCode).toBe(200);
  const outcomes = (await settled).map(({ status }) => status);
  expect(outcomes.filter((status) => status === 'fulfilled')).toHaveLength(MAX_SCRAPERS_PER_ADDRESS);
});

it('scrapers of many addresses are answered, up to the limit of all', async () => {
  const addresses = Array.from({ length: MAX_SCRAPERS + 5 }, (_, at) => `127.0.1.${at + 1}`);
  const settled = Promise.allSettled(addresses.map(async (address) => scrape(address)));
  await waitFor('the connections to be closed', () => excess === 5);
  release();
  expect((await settled).filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_SCRAPERS);
});

it('requests that do not wait for the previous answer are not answered', async () => {
  const socket = await connect();
  socket.resume();
  socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(1000));
  await once(socket, 'close');
  expect(answered).toBe(1);
});

it('a connection that sends nothing is closed', { timeout: 15_000 }, async () => {
  const socket = await connect();
  socket.resume();
  await once(socket, 'close');
});

it('a client that does not read its answer is disconnected', { timeout: 30_000 }, async () => {
  const large = Buffer.alloc(64 * 1024 * 1024);
  server.removeAllListeners('request').answerBy((_, response) => response.end(large));
  const socket = await connect();
  socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [accepted] = (await once(server, 'request')) as [IncomingMessage];
  await once(accepted.socket, 'close');
  expect(socket.bytesRead).toBeLessThan(large.length);
});

it('no connection keeps the server from closing', async () => {
  const silent = await connect();
  const waiting = scrape().catch(() => 'closed');
  await waitFor('the scraper to wait', () => answered === 1);
  server.close();
  server.closeAllConnections();
  await Promise.all([once(server, 'close'), once(silent, 'close')]);
  expect(await waiting).toBe('closed');
});
