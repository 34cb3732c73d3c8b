import type { Lesson } from './lesson.ts';

export const gruAgainstLstm: Lesson = {
  id: 'gru-lstm',
  title: { en: 'GRU against LSTM', ko: 'GRU와 LSTM' },
  state: { task: 'temporal-order', selected: 2, config: { options: { length: 30 }, fairness: 'parameters' } },
  pages: [
    {
      look: 'picture',
      text: {
        en: 'This is the GRU. It has one state, h, and that state itself lies on the conveyor. The gate z does what two gates of the LSTM do: z of the old is kept, and 1 − z of the new is let in. What is not kept makes room for what comes.',
        ko: '이것이 GRU입니다. 상태는 h 하나이고, 그 상태가 바로 컨베이어 위에 있습니다. 게이트 z는 LSTM의 두 게이트가 하는 일을 합니다. 이전 것의 z만큼 남기고, 새것의 1 − z만큼 들입니다. 남기지 않은 만큼 새것이 들어옵니다.',
      },
      deeds: [
        { say: { en: 'Show the LSTM', ko: 'LSTM 보기' }, deed: { kind: 'select', slot: 1 } },
        { say: { en: 'Show the GRU', ko: 'GRU 보기' }, deed: { kind: 'select', slot: 2 } },
      ],
    },
    {
      look: 'models',
      text: {
        en: 'Three products instead of four: for the same number of units a GRU has three quarters of the numbers to learn. Here all models were given about the same number of them, so the GRU has more units than the LSTM, and the RNN has the most.',
        ko: '곱셈이 네 번이 아니라 세 번이므로, 유닛 수가 같으면 GRU의 매개변수는 LSTM의 4분의 3입니다. 여기서는 모든 모델의 매개변수 수를 비슷하게 맞추어, GRU의 유닛이 LSTM보다 많고 RNN은 가장 많습니다.',
      },
      deeds: [{ say: { en: 'Train 300 steps', ko: '300스텝 학습' }, deed: { kind: 'train', steps: 300 } }],
    },
    {
      look: 'gates',
      text: {
        en: 'The reset gate r acts inside n: it decides how much of the old state the new proposal may look at. Where r is plain, the cell begins afresh, as if the sequence started here.',
        ko: '리셋 게이트 r는 n 안에서 일합니다. 새 제안이 이전 상태를 얼마나 볼지 정합니다. r가 바탕색이면 마치 시퀀스가 여기서 시작하는 것처럼 새로 시작합니다.',
      },
    },
    {
      look: 'curves',
      text: {
        en: 'Which is better? Here, as on many tasks, neither: both remember, and the RNN with the most units of all does not. The LSTM can count and can hide its memory from its output; the GRU is smaller and often quicker. Try other seeds and tasks before you believe a curve, this one included.',
        ko: '어느 쪽이 나을까요? 많은 과제처럼 여기서도 우열이 없습니다. 둘 다 기억하고, 유닛이 가장 많은 RNN은 기억하지 못합니다. LSTM은 셀 수 있고 기억을 출력에서 감출 수 있습니다. GRU는 더 작고 대개 더 빠릅니다. 이 곡선을 포함해 어떤 곡선이든 믿기 전에 다른 시드와 과제로 해 보세요.',
      },
    },
  ],
};
