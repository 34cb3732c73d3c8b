import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A browser, by the environment variable that may name it, the names of its program, and where it is where it is not on the path. */
export interface Browser {
  readonly title: string;
  readonly variable: 'UNROLL_CHROMIUM' | 'UNROLL_FIREFOX';
  readonly programs: readonly string[];
  readonly places: readonly string[];
  /** Its package in Debian. */
  readonly debian: string;
}

export const chromium: Browser = {
  title: 'Chromium or Chrome', variable: 'UNROLL_CHROMIUM', debian: 'chromium',
  programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe'],
  places: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
};

export const firefox: Browser = {
  title: 'Firefox', variable: 'UNROLL_FIREFOX', debian: 'firefox-esr', programs: ['firefox-esr', 'firefox', 'firefox.exe'], places: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
};

/** The path of a browser: what its variable names, or the first on the path; undefined where there is none. */
export function findBrowser({ variable, programs, places }: Browser, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env[variable];
  if (named !== undefined && named !== '') return named;
  const folders = (env['PATH'] ?? '').split(delimiter);
  return [...programs.flatMap((program) => folders.map((folder) => join(folder, program))), ...places].find((path) => existsSync(path));
}

/** The same, or an error that says what to install. */
export function mustFindBrowser(browser: Browser, env: NodeJS.ProcessEnv = process.env): string {
  const path = findBrowser(browser, env);
  if (path === undefined) throw new Error(missing(browser));
  return path;
}

/**
 * The same, where its tests may be left out: says loudly that they are, or throws under UNROLL_BROWSER=1, the switch under which CI
 * takes a missing browser for a failure.
 */
export function findBrowserOrSkip(browser: Browser, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const path = env['UNROLL_BROWSER'] === '1' ? mustFindBrowser(browser, env) : findBrowser(browser, env);
  if (path === undefined) process.stderr.write(`\nSKIPPED, all tests in a browser: ${missing(browser)}.\n`);
  return path;
}

function missing({ title, variable, debian }: Browser): string {
  return `there is no ${title} on the path; install one (Debian: apt-get install ${debian}) or name it in ${variable}`;
}
