import type { FunctionName, TokenKind } from '../inside/notation.ts';
import type { LanguageName } from './words.ts';

/** What the editor of equations says of names: loaded with it. */
export interface NotationWords {
  readonly functions: Readonly<Record<FunctionName, string>>;
  readonly kinds: Readonly<Record<TokenKind, string>>;
  readonly completions: string;
}

const en: NotationWords = {
  functions: {
    sigmoid: 'between 0 and 1: a gate', tanh: 'between −1 and 1', relu: 'a above 0, else 0', exp: 'e to the power of a', log: 'natural logarithm', sqrt: 'square root', abs: 'size without sign', min: 'the smaller one', max: 'the larger one',
    softplus: 'a smooth relu', softsign: 'a / (1 + |a|)', logsigmoid: 'logarithm of sigmoid', hardsigmoid: 'sigmoid of straight pieces', leakyrelu: 'a, less steep below 0', elu: 'a, exponential below 0', clip: 'a, kept between low and high',
    select: 'a where the condition holds, else b', less: 'whether a < b', lessequal: 'whether a ≤ b', equal: 'whether a = b', mean: 'mean over all units', layernorm: 'normalised over all units',
  },
  kinds: {
    comment: 'a remark', number: 'a number', keyword: 'names things', target: 'is set by this line', function: 'function', weight: 'matrix of weights, learnt', bias: 'bias, learnt', vector: 'one number for each unit, learnt', input: 'the input of this step', value: 'a value; read before its line: the one of the step before',
  },
  completions: 'Names that fit here',
};

const ko: NotationWords = {
  functions: {
    sigmoid: '0과 1 사이: 게이트', tanh: '−1과 1 사이', relu: '0보다 크면 a, 아니면 0', exp: 'e의 a제곱', log: '자연로그', sqrt: '제곱근', abs: '절댓값', min: '둘 중 작은 값', max: '둘 중 큰 값',
    softplus: '부드러운 relu', softsign: 'a / (1 + |a|)', logsigmoid: 'sigmoid의 로그', hardsigmoid: '직선으로 이은 sigmoid', leakyrelu: '0 아래에서는 완만한 a', elu: '0 아래에서는 지수 함수', clip: 'a를 low와 high 사이로 제한',
    select: '조건이 맞으면 a, 아니면 b', less: 'a < b인지', lessequal: 'a ≤ b인지', equal: 'a = b인지', mean: '모든 유닛의 평균', layernorm: '모든 유닛에 대해 정규화',
  },
  kinds: {
    comment: '메모', number: '수', keyword: '이름 정하기', target: '이 줄이 정하는 값', function: '함수', weight: '학습되는 가중치 행렬', bias: '학습되는 편향', vector: '유닛마다 하나씩 학습되는 수', input: '이번 스텝의 입력', value: '값. 정해지기 전에 읽으면 이전 스텝의 값',
  },
  completions: '여기에 쓸 수 있는 이름',
};

const languages: Readonly<Record<LanguageName, NotationWords>> = { en, ko };

export function notationWords(language: LanguageName): NotationWords {
  return languages[language];
}
