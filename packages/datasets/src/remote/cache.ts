/** Where fetched bytes are kept. A folder, the storage of a browser, or memory: four operations on bytes by key, a path with slashes. */
export interface ByteCache {
  /** The bytes, undefined where there are none. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Puts them there whole, in the place of any that were. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Adds to what is there, or begins it: what arrived of a file so far. */
  append(key: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing where there is nothing. */
  remove(key: string): Promise<void>;
}

/** A cache that lasts as long as it is held: for tests, and for pages that may store nothing. */
export function memoryCache(): ByteCache {
  const kept = new Map<string, Uint8Array>();
  return {
    read: (key) => Promise.resolve(kept.get(key)?.slice()),
    write: (key, bytes) => Promise.resolve(void kept.set(key, bytes.slice())),
    append: (key, bytes) => {
      const before = kept.get(key) ?? new Uint8Array(0);
      const after = new Uint8Array(before.length + bytes.length);
      after.set(before);
      after.set(bytes, before.length);
      return Promise.resolve(void kept.set(key, after));
    },
    remove: (key) => Promise.resolve(void kept.delete(key)),
  };
}
