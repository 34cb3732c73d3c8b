// The last line of CI: reads vitest's JSON report and prints "N passed, N failed"; exit code 1 where anything failed.
// Arguments: the report, the exit code of the static checks, the exit code of the test run.
import { readFileSync } from 'node:fs';

const [report, staticCode, testCode] = process.argv.slice(2);

/** Counts of one report; a file that failed before its first test counts as one failure. */
function count(path) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
    const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'));
    return { passed: numPassedTests, failed: numFailedTests + broken.length };
  } catch {
    console.error('no test report: the tests did not run');
    return { passed: 0, failed: 1 };
  }
}

const { passed, failed } = count(report);
if (staticCode !== '0') console.error('the static checks failed (lint, types, dag, limits, knip or build): see above');
if (testCode !== '0' && failed === 0) console.error('every test passed, but the run failed: an error outside the tests, see above');
const outside = (staticCode !== '0' ? 1 : 0) + (testCode !== '0' && failed === 0 ? 1 : 0);
console.log(`${passed} passed, ${failed + outside} failed`);
process.exitCode = failed + outside === 0 ? 0 : 1;
