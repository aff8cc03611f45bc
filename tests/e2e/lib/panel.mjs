// A real panel in a folder of its own on free ports, its command line, its API, and the sites its nginx serves.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { assert, until } from './runner.mjs';

export const PASSWORD = 'a lighthouse above 7 seas';

/** A port that nothing listens on. */
export function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** The program under test. */
export function binary() {
  const root = new URL('../../../', import.meta.url).pathname;
  const candidates = [process.env.MANARA_BINARY, ...['release', 'debug'].map((profile) => `${root}target/${profile}/manara`)];
  const found = candidates.find((file) => file && fs.existsSync(file));
  assert.ok(found, 'there is no binary: set MANARA_BINARY or run cargo build');
  return found;
}

export class Panel {
  static #running = new Set();

  /**
   * `wrap` is put before the panel's own command, `options` behind it; both are lists of arguments. `env` is added to its
   * environment, and `prepare` puts something into its folder first.
   */
  static async start({ wrap = [], options = [], env = {}, prepare = () => {} } = {}) {
    const panel = new Panel();
    Panel.#running.add(panel);
    // Short: the name of a Unix socket has at most 107 bytes.
    panel.root = fs.mkdtempSync(path.join(os.tmpdir(), 'mn-'));
    panel.port = await freePort();
    panel.httpPort = await freePort();
    // The variables of the tests themselves are unknown options to the panel, which refuses those.
    panel.env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MANARA_'))),
      MANARA_NGINX_HTTP_PORT: String(panel.httpPort),
      MANARA_NGINX_HTTPS_PORT: String(await freePort()),
      ...env,
    };
    prepare(panel);
    panel.logFile = `${panel.root}.log`;
    await panel.#serve(['--listen', `127.0.0.1:${panel.port}`, ...options], wrap);
    return panel;
  }

  async #serve(options, wrap = []) {
    const command = [...wrap, binary(), '--root', this.root, 'serve', ...options];
    const log = fs.openSync(this.logFile, 'a');
    this.child = spawn(command[0], command.slice(1), { env: this.env, stdio: ['ignore', log, log] });
    await until('the panel to be ready', () => this.ready());
  }

  async #end() {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await ended;
  }

  /** Starts again, listening where its settings say, or as `options` do. */
  async restartAt(port, options = []) {
    await this.#end();
    this.port = port;
    await this.#serve(options);
  }

  get origin() {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  async ready() {
    assert.equal(this.child.exitCode, null, `the panel ended: ${this.log()}`);
    // Also true where nginx is missing: the panel itself answers.
    return (await fetch(`${this.origin}/health/live`)).ok;
  }

  log() {
    return fs.readFileSync(this.logFile, 'utf8');
  }

  /** Runs a command of the program; the answer is `{ code, stdout, stderr }`. */
  cli(args, input = '') {
    return new Promise((done) => {
      const child = execFile(binary(), ['--root', this.root, ...args], { env: this.env }, (error, stdout, stderr) =>
        done({ code: error ? error.code : 0, stdout, stderr }),
      );
      child.stdin.end(input);
    });
  }

  async token(name, role) {
    const made = await this.cli(['token', 'create', '--name', name, '--role', role, '--json']);
    assert.equal(made.code, 0, made.stderr);
    return JSON.parse(made.stdout).token;
  }

  /** Calls the API with a token: `{ status, headers, body }`. */
  async api(method, where, { token = this.admin, body, headers = {} } = {}) {
    const answer = await fetch(`${this.origin}/api/v1${where}`, {
      method,
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { 'Content-Type': 'application/json' }), ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: text ? JSON.parse(text) : null };
  }

  /** Makes a site without the browser. */
  async site(body) {
    const answer = await this.api('POST', '/sites', { body });
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  }

  /** What visitors of `host` get: `{ status, body }`; status 0 where nginx hangs up, as it does for names it does not know. */
  visit(host, where = '/') {
    return new Promise((done) => {
      const request = http.get({ host: '127.0.0.1', port: this.httpPort, path: where, headers: { host }, agent: false }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (part) => (body += part)).on('end', () => done({ status: answer.statusCode, body }));
      });
      request.on('error', () => done({ status: 0, body: '' }));
    });
  }

  /** Where nginx's file of a site lies. */
  async fileOf(domain) {
    const answer = await this.api('GET', `/sites/${encodeURIComponent(domain)}/nginx`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.file;
  }

  static async stopAll() {
    for (const panel of Panel.#running) await panel.stop();
  }

  async stop() {
    Panel.#running.delete(this);
    await this.#end();
    fs.rmSync(this.root, { recursive: true, force: true });
    fs.rmSync(this.logFile, { force: true });
  }
}

/** A little application behind a proxy: says what it was asked. */
export async function upstream() {
  const server = http.createServer((request, answer) => {
    answer.setHeader('Content-Type', 'text/plain');
    answer.end(`application ${request.url} for ${request.headers.host} ${request.headers['x-e2e'] ?? ''}`);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
