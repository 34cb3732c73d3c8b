import type { PairSymbols } from '../pairs.ts';
import { answerBatch, answerKind, answerShape, positionLoss } from './answers.ts';
import { batchOf, taskOptions, type TaskDefinition } from './definition.ts';

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const formats = [
  'DDMMMYYYY', 'MMDDYY', 'MM/DD/YY', 'MM/DD/YYYY', 'M/D/YYYY', 'DD-MM-YYYY', 'D-M-YYYY', 'MMM DD YY', 'M/D/YY', 'MMM DD YYYY',
  'MMM DD, YY', 'MMM DD, YYYY', 'DD.MM.YYYY', 'D.M.YYYY', 'YYYY.MM.DD', 'YYYY.M.D', 'YYYYMMDD', 'YYYY-M-D', 'D MMM YYYY', 'YYYY-MM-DD',
];
const iso = 'YYYY-MM-DD';
const longest = 12;
const first = Date.UTC(1950, 0, 1);
const day = 86_400_000;
const days = (Date.UTC(2050, 0, 1) - first) / day;

/**
 * Dates as pairs of strings: "JAN 20, 19" is answered by "2019-01-20". A day from 1950 to 2049 in one of 20 formats, both drawn evenly;
 * the answer is always ISO 8601. Years of two digits are unambiguous in that range.
 *
 * The formats and the range are those of TensorFlow.js's example date-conversion-attention (2019).
 */
export const datesTask: TaskDefinition<never> = {
  name: 'dates',
  description: 'Rewrite dates of many formats in one.',
  source: 'TensorFlow.js examples, date-conversion-attention',
  kind: answerKind,
  options: {},
  shape: () => answerShape(symbols()),
  generate: (rng, batch, values) => {
    taskOptions(datesTask, values);
    const pairs = Array.from({ length: batchOf('dates', batch) }, () => {
      const date = new Date(first + rng.integer(days) * day);
      return { input: written(date, formats[rng.integer(formats.length)] as string), answer: written(date, iso) };
    });
    return answerBatch(pairs, symbols(), longest, iso.length + 1);
  },
  baseline: () => positionLoss(Array.from({ length: days }, (_, index) => [written(new Date(first + index * day), iso), 1 / days] as const)),
  floor: () => 0,
};

function symbols(): PairSymbols {
  const digits = [...'0123456789'];
  const letters = [...new Set(months.join(''))].sort();
  return { input: ['', ...digits, ...'/-., ', ...letters], answer: ['', ...digits, '-'] };
}

function written(date: Date, format: string): string {
  const [year, month, dayOfMonth] = [String(date.getUTCFullYear()), String(date.getUTCMonth() + 1), String(date.getUTCDate())];
  const parts: Readonly<Record<string, string>> = {
    YYYY: year, YY: year.slice(2), MMM: months[Number(month) - 1] as string, MM: month.padStart(2, '0'), M: month, DD: dayOfMonth.padStart(2, '0'), D: dayOfMonth,
  };
  return format.replace(/YYYY|YY|MMM|MM|M|DD|D/g, (part) => parts[part] as string);
}
