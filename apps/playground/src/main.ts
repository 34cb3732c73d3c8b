import { mount } from 'svelte';
import 'uplot/dist/uPlot.min.css';
import App from './App.svelte';
import { readAddress, unpack, writeAddress } from './state/address.ts';
import { Lab } from './state/lab.svelte.ts';
import { watchVisibility } from './state/visibility.ts';
import { Speaker } from './words/speaker.svelte.ts';
import './theme.css';

const lab = new Lab({ changed: (config) => void writeAddress(config) });
const speaker = new Speaker();
if (navigator.language.startsWith('ko')) void speaker.choose('ko');
// For tests, and for those who like to look from the console.
Object.assign(globalThis, { lab });
mount(App, { target: document.querySelector('#app') as HTMLElement, props: { lab, speaker } });
watchVisibility(lab);
void begin(true);
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('./sw.js').catch(() => undefined);
globalThis.addEventListener('hashchange', () => void begin(false));

/** Opens what the address says, or what the page begins with. An address that cannot be read later on does not end what is being trained. */
async function begin(isFirst: boolean): Promise<void> {
  const reading = await readAddress();
  const unread = reading?.remarks.find(({ code }) => code === 'damaged' || code === 'newer');
  if (!isFirst && unread !== undefined) {
    lab.remarks = [{ code: unread.code === 'newer' ? 'newer-later' : 'damaged-later', field: unread.field }];
    await writeAddress(lab.config);
    return;
  }
  await lab.open(reading?.config ?? lab.config);
  lab.remarks = reading?.remarks ?? [];
  if (reading?.model === undefined) return;
  const { slot, step } = reading.model;
  try {
    await unpack(lab, reading.model);
    lab.brought = { slot, step };
  } catch {
    lab.remarks = [...lab.remarks, { code: 'changed', field: 'model' }];
  }
}
