/** What can be learnt: each is a word after `unroll train`. */
export type RecipeName = 'text' | 'classify' | 'tag' | 'forecast' | 'translate';
