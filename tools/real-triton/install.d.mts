/** Where the parts of an installed tritonserver are. */
export interface RealTritonLayout {
  readonly ok: true;
  /** The server's version, as its metadata says it. */
  readonly version: string;
  /** Holds the `python3` that has the packages: first in PATH. */
  readonly pythonFolder: string;
  readonly pythonVersion: string;
  readonly packages: string;
  readonly server: string;
  readonly stub: string;
  readonly backends: string;
  readonly caches: string;
  /** For LD_LIBRARY_PATH. */
  readonly libraryPath: string;
}

/** What this machine lacks, in words that complete "missing: …". */
export interface RealTritonMissing {
  readonly ok: false;
  readonly missing: string;
}

/** Installs unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export function installRealTriton(): Promise<RealTritonLayout | RealTritonMissing>;

/** What is installed, read from the stamp and checked against the files; quick, and changes nothing. */
export function installedRealTriton(): RealTritonLayout | RealTritonMissing;
