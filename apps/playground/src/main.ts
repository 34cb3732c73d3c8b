import { mount } from 'svelte';
import 'uplot/dist/uPlot.min.css';
import App from './App.svelte';
import { Lab } from './state/lab.svelte.ts';
import './theme.css';

const lab = new Lab();
mount(App, { target: document.querySelector('#app') as HTMLElement, props: { lab } });
void lab.reset();
