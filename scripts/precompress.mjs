// Writes FILE.br and FILE.gz beside every file of a folder that gets smaller by it: the panel sends them as they are.
//
//   node scripts/precompress.mjs assets/dist
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = process.argv[2];
const worthIt = 0.9;
const written = { files: 0, plain: 0, br: 0, gz: 0 };

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.isFile() || /\.(br|gz|woff2|png)$|(^|\/)\.[^/]*$/.test(path)) continue;
  const plain = readFileSync(path);
  const parameters = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const br = brotliCompressSync(plain, { params: parameters });
  const gz = gzipSync(plain, { level: 9 });
  if (br.length > plain.length * worthIt) continue;
  writeFileSync(`${path}.br`, br);
  writeFileSync(`${path}.gz`, gz);
  written.files += 1;
  written.plain += plain.length;
  written.br += br.length;
  written.gz += gz.length;
}
console.log(`${written.files} files: ${written.plain} bytes, brotli ${written.br}, gzip ${written.gz}`);
