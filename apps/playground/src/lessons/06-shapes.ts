import type { Lesson } from './lesson.ts';

export const shapes: Lesson = {
  id: 'shapes',
  title: { en: 'The shapes of tasks', ko: '과제의 모양' },
  state: { task: 'echo', selected: 1, config: { options: { lag: 4 } } },
  pages: [
    {
      look: 'answers',
      text: {
        en: 'Many to many, aligned: an answer at every step. Echo is one, and so is naming the kind of each word in a sentence. The loss is the mean over all steps at which something is asked.',
        ko: '다대다, 정렬됨: 스텝마다 답이 있습니다. 메아리가 그렇고, 문장에서 단어마다 품사를 붙이는 일도 그렇습니다. 손실은 물어본 모든 스텝의 평균입니다.',
      },
      deeds: [{ say: { en: 'Train 200 steps', ko: '200스텝 학습' }, deed: { kind: 'train', steps: 200 } }],
    },
    {
      look: 'answers',
      text: {
        en: 'Many to one: one answer at the end. Add two marked numbers, judge a review, recognise a word. Everything has to be carried to the last step, and the gradient has to find its way back from there.',
        ko: '다대일: 끝에 답이 하나 있습니다. 표시된 두 수를 더하기, 감상평 판단하기, 말소리 알아듣기. 모든 것을 마지막 스텝까지 날라야 하고, 기울기는 거기서부터 거슬러 와야 합니다.',
      },
      deeds: [
        { say: { en: 'Set the adding task', ko: '덧셈 과제로' }, deed: { kind: 'task', task: 'adding' } },
        { say: { en: 'Train 400 steps', ko: '400스텝 학습' }, deed: { kind: 'train', steps: 400 } },
      ],
    },
    {
      look: 'sample',
      text: {
        en: 'One to many: a beginning, and the model goes on by itself, each answer being its next input. Text is learnt as an aligned task, with the next character as the answer, and written as one to many.',
        ko: '일대다: 시작만 주면 모델이 스스로 이어 갑니다. 답이 곧 다음 입력이 됩니다. 글은 다음 글자를 답으로 하는 정렬된 과제로 배우고, 일대다로 씁니다.',
      },
      deeds: [
        { say: { en: 'Set the text task', ko: '글 과제로' }, deed: { kind: 'task', task: 'text' } },
        { say: { en: 'Train 150 steps', ko: '150스텝 학습' }, deed: { kind: 'train', steps: 150 } },
      ],
    },
    {
      look: 'task',
      text: {
        en: 'Many to many, unaligned: a sentence in, a sentence of another length out. One network reads everything and hands its state to a second one that writes. That does not fit on this page; the examples of the library have it. And one to one, without time, is where no recurrence is needed.',
        ko: '다대다, 정렬되지 않음: 문장이 들어가고 길이가 다른 문장이 나옵니다. 한 신경망이 모두 읽고 그 상태를 글을 쓰는 두 번째 신경망에 넘깁니다. 이 페이지에는 없지만 라이브러리의 예제에 있습니다. 그리고 시간이 없는 일대일에는 순환이 필요하지 않습니다.',
      },
    },
  ],
};
