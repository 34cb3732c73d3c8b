import type { Lesson } from './lesson.ts';

export const hiddenState: Lesson = {
  id: 'hidden-state',
  title: { en: 'What a hidden state is', ko: '은닉 상태란 무엇인가' },
  state: {
    task: 'text', selected: 0,
    config: { options: { length: 24 }, hidden: 16, batch: 16, lr: 0.02 },
    data: { name: 'hello.txt', text: 'hello '.repeat(120) },
  },
  pages: [
    {
      look: 'answers',
      text: {
        en: 'The three networks read “hello hello …” letter by letter and say which letter comes next. The letter l appears twice in the word: after the first l comes another l, after the second comes o. The input is the same, the right answers differ. Whoever sees only the present letter has to guess.',
        ko: '세 신경망이 “hello hello …”를 한 글자씩 읽고 다음 글자를 맞힙니다. l은 한 단어에 두 번 나옵니다. 첫 번째 l 다음은 l이고, 두 번째 l 다음은 o입니다. 입력은 같은데 정답이 다릅니다. 지금 글자만 본다면 찍을 수밖에 없습니다.',
      },
    },
    {
      look: 'models',
      text: {
        en: 'Let them learn. After each step the network keeps a row of numbers, the hidden state h, and reads it together with the next letter.',
        ko: '배우게 해 봅시다. 신경망은 스텝마다 은닉 상태 h라는 한 줄의 수를 남겨 두고, 다음 글자와 함께 읽습니다.',
      },
      deeds: [{ say: { en: 'Train 200 steps', ko: '200스텝 학습' }, deed: { kind: 'train', steps: 200 } }],
    },
    {
      look: 'picture',
      text: {
        en: 'Now go to the first l, then to the second. The input x is the same both times. What comes in from the left is not: h before the step holds what was read before, “he” or “hel”. The page shows the unit that differs most. That is all the difference, and it is enough to say l once and o the other time.',
        ko: '첫 번째 l로, 다음에는 두 번째 l로 가 보세요. 입력 x는 두 번 모두 같습니다. 그러나 왼쪽에서 들어오는 값은 다릅니다. 이전의 h에는 그때까지 읽은 것, 곧 “he” 또는 “hel”이 담겨 있습니다. 가장 많이 달라지는 유닛을 보여 드립니다. 차이는 그것뿐이지만, 한 번은 l, 한 번은 o라고 답하기에 충분합니다.',
      },
      deeds: [
        { say: { en: 'First l', ko: '첫 번째 l' }, deed: { kind: 'seek', read: 'hel', apart: 'hell' } },
        { say: { en: 'Second l', ko: '두 번째 l' }, deed: { kind: 'seek', read: 'hell', apart: 'hel' } },
      ],
    },
    {
      look: 'gates',
      text: {
        en: 'This is the hidden state over time: each row is a unit, each column a letter. A pattern repeats with every “hello ”. The columns of the two l’s look different although the letter is the same. Nobody told the network to count; it learnt to because it helps.',
        ko: '시간에 따른 은닉 상태입니다. 행은 유닛, 열은 글자입니다. “hello ”마다 같은 무늬가 되풀이됩니다. 글자는 같아도 두 l의 열은 다르게 생겼습니다. 세라고 시킨 사람은 없습니다. 도움이 되니까 스스로 배운 것입니다.',
      },
    },
  ],
};
