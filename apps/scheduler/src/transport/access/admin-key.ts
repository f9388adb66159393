import { join } from 'node:path';
import { hashOf, newKey } from '#access';
import { readSmallFile } from '#config';
import { closeToOthers, keepFile } from '../tls/kept-file.js';

/** A folder has no key of an administrator that can be used. */
export class AdminKeyUnusable extends Error {
  override readonly name = 'AdminKeyUnusable';
}

/** The key of the administrator of a Berth that was told of no credentials. */
export interface AdminKey {
  /** The file with the key. */
  readonly path: string;
  /** The SHA-256 of the key, as 64 hexadecimal digits. */
  readonly hash: string;
}

const KEY = /^berth_admin_[A-Za-z0-9_-]{43}$/;
const OWNER_ALONE = 0o600;

/**
 * Takes `admin.key` of a folder, or makes it where there is none; it is readable by its owner alone. Rejects with
 * `AdminKeyUnusable`, whose message holds no part of the file, or with the error of the system.
 */
export async function adminKeyIn(folder: string): Promise<AdminKey> {
  const path = join(folder, 'admin.key');
  const read = await readSmallFile(path);
  if ('text' in read) {
    const key = read.text.trim();
    if (!KEY.test(key))
      throw new AdminKeyUnusable(
        `${path} must hold a key like berth_admin_ and 43 more characters: delete it to have one made`,
      );
    await closeToOthers(path);
    return { path, hash: hashOf(key) };
  }
  if (!read.isMissing) throw new AdminKeyUnusable(read.rule);
  const made = newKey('admin');
  await keepFile(path, `${made}\n`, OWNER_ALONE);
  return { path, hash: hashOf(made) };
}
