// Named checks: each prints one line with its time, and goes on to the next whatever happened.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

export { assert };

/** What the checks of one run share. */
export class Runner {
  passed = 0;
  failed = 0;
  /** Pages that are open, with what went wrong on them since it was last asked: `{ page, problems }`. */
  people = new Set();

  constructor(target) {
    this.target = target;
    fs.rmSync(target, { recursive: true, force: true });
    fs.mkdirSync(path.join(target, 'screens'), { recursive: true });
  }

  /** Runs `body`; a policy violation or an error on any open page in the meantime fails the check as well. */
  async check(name, body) {
    const started = Date.now();
    let failure;
    try {
      await body();
      assert.deepEqual(this.#reported(), [], 'the pages reported problems');
    } catch (cause) {
      failure = cause;
      await this.#evidence(name);
    }
    const time = `${((Date.now() - started) / 1000).toFixed(1)} s`;
    if (!failure) {
      this.passed += 1;
      console.log(`ok      ${name} (${time})`);
      return;
    }
    this.failed += 1;
    const text = String(failure.stack ?? failure).split('\n').slice(0, 30).join('\n        ');
    console.log(`FAILED  ${name} (${time})\n        ${text}`);
  }

  /** Writes a page that shows all pictures, those of one page side by side. */
  gallery() {
    const groups = new Map();
    for (const file of fs.readdirSync(path.join(this.target, 'screens')).sort()) {
      const page = file.replace(/-(ar|en)-(light|dark)-(desktop|phone)\.png$/, '');
      groups.set(page, [...(groups.get(page) ?? []), file]);
    }
    const sections = [...groups].map(([page, files]) => {
      const pictures = files.map((file) => `<a href="screens/${file}"><img src="screens/${file}" alt="${file}" loading="lazy"></a>`);
      return `<h2>${page}</h2><div>${pictures.join('')}</div>`;
    });
    const style = 'body{margin:16px;background:#888;font:14px sans-serif}div{display:flex;flex-wrap:wrap;gap:8px;align-items:start}img{height:420px}';
    const html = `<!doctype html><meta charset="utf-8"><title>Pictures</title><style>${style}</style>${sections.join('\n')}\n`;
    fs.writeFileSync(path.join(this.target, 'index.html'), html);
  }

  #reported() {
    return [...this.people].flatMap((person) => person.problems.splice(0));
  }

  async #evidence(name) {
    const folder = path.join(this.target, 'failed');
    fs.mkdirSync(folder, { recursive: true });
    const file = name.replace(/[^\p{L}\p{N}]+/gu, '-');
    let number = 0;
    for (const person of this.people) {
      number += 1;
      const reported = person.problems.splice(0);
      if (reported.length > 0) console.log(reported.map((line) => `        reported: ${line}`).join('\n'));
      await person.page.screenshot({ path: path.join(folder, `${file}-${number}.png`), timeout: 5_000 }).catch(() => undefined);
    }
  }
}

/** Asks until `question` answers with something true, or fails with what it answered last. */
export async function until(what, question, limitMs = 60_000) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    let answer;
    try {
      answer = await question();
    } catch (cause) {
      answer = undefined;
      if (Date.now() > deadline) throw cause;
    }
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `waited ${limitMs / 1000} s for: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
