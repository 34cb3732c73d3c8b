/** The text that comes with the library, in a file of its own: it is loaded when somebody learns from it. */
export { defaultText } from '@unroll/datasets';
