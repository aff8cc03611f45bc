// Licences of what the program contains: gzipped in the program, unpacked here, since nobody reads them often.

export interface Package {
  name: string;
  version: string;
  kind: 'crate' | 'npm';
  licence: string;
  texts: number[];
}

export interface Licences {
  texts: string[];
  packages: Package[];
}

/** Reads them. They come with the build: no connection to elsewhere is needed. */
export async function readLicences(): Promise<Licences> {
  const answer = await fetch('/licences.bin');
  const type = answer.headers.get('Content-Type') ?? '';
  // A program that was built without its pages answers with its first page.
  if (!answer.ok || !answer.body || type.startsWith('text/html')) return { texts: [], packages: [] };
  const unpacked = answer.body.pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(unpacked).json()) as Licences;
}
