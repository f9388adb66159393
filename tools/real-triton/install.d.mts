/** Where the parts of an installed tritonserver are. */
export interface RealTritonLayout {
  readonly ok: true;
  /** The server's version, as its metadata says it. */
  readonly version: string;
  readonly python: string;
  readonly pythonVersion: string;
  /** The Python packages: for PYTHONPATH. */
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
