import type { Lesson } from './lesson.ts';

export const lstmGates: Lesson = {
  id: 'lstm-gates',
  title: { en: 'What LSTM gates do', ko: 'LSTM 게이트가 하는 일' },
  state: { task: 'echo', selected: 1, config: { options: { lag: 8 } } },
  pages: [
    {
      look: 'picture',
      text: {
        en: 'The thick line on top is the memory c. It runs straight through the cell; only two things happen to it: it is multiplied with f, and something is added. Everything beneath decides how much. Train first, so that there is something to see.',
        ko: '위의 굵은 선이 기억 c입니다. 셀을 곧게 지나가며 두 가지 일만 겪습니다. f가 곱해지고, 무언가가 더해집니다. 아래에 있는 것들은 모두 그 양을 정합니다. 볼 것이 생기도록 먼저 학습시키세요.',
      },
      deeds: [{ say: { en: 'Train 400 steps', ko: '400스텝 학습' }, deed: { kind: 'train', steps: 400 } }],
    },
    {
      look: 'conveyor',
      text: {
        en: 'The forget gate f is the valve: full means the old memory passes whole, empty means it is dropped. Walk through time with the arrow keys and try several units: some valves stay nearly full for many steps. Those units remember.',
        ko: '망각 게이트 f는 밸브입니다. 가득 차면 이전 기억이 그대로 지나가고, 비면 버려집니다. 화살표 키로 시간을 움직이며 여러 유닛을 살펴보세요. 어떤 밸브는 여러 스텝 동안 거의 가득 차 있습니다. 그 유닛들이 기억합니다.',
      },
    },
    {
      look: 'gates',
      text: {
        en: 'g proposes something new, between −1 and 1. The input gate i says how much of it is let in. Where i is plain, the cell does not listen, however loud g is.',
        ko: 'g는 −1과 1 사이의 새 내용을 내놓습니다. 입력 게이트 i는 그중 얼마를 들일지 정합니다. i가 바탕색이면 g가 아무리 커도 셀은 듣지 않습니다.',
      },
    },
    {
      look: 'gates',
      text: {
        en: 'The output gate o decides what of the memory is shown as h, to the answer and to the next step. A unit can remember in silence: c far from zero while h stays near it.',
        ko: '출력 게이트 o는 기억 가운데 무엇을 h로 내보여 답과 다음 스텝에 쓸지 정합니다. 유닛은 말없이 기억할 수도 있습니다. c는 0에서 멀어도 h는 0 가까이에 머뭅니다.',
      },
    },
    {
      look: 'equations',
      text: {
        en: 'Take the forget gate away, as in the first LSTM of 1997: c = c + i ∗ g. The memory can never be emptied, only added to. With the button the equations change and the model begins anew.',
        ko: '1997년의 첫 LSTM처럼 망각 게이트를 빼 봅시다. c = c + i ∗ g. 이제 기억은 비울 수 없고 더할 수만 있습니다. 버튼을 누르면 수식이 바뀌고 모델은 처음부터 다시 시작합니다.',
      },
      deeds: [
        { say: { en: 'Drop the forget gate', ko: '망각 게이트 빼기' }, deed: { kind: 'cell', slot: 1, choice: { cell: 'custom', equations: 'i = sigmoid(W_i x + R_i h + b_i)\ng = tanh(W_g x + R_g h + b_g)\no = sigmoid(W_o x + R_o h + b_o)\nc = c + i * g\nh = o * tanh(c)' } } },
      ],
    },
    {
      look: 'curves',
      text: {
        en: 'Train it as long as the first one. The dashed curve is the LSTM with its forget gate, the solid one does without. What does the missing gate cost on this task, where every bit has to make room for the next?',
        ko: '처음과 같은 만큼 학습시켜 보세요. 파선은 망각 게이트가 있는 LSTM, 실선은 없는 것입니다. 비트마다 다음 비트에 자리를 내주어야 하는 이 과제에서 게이트가 없으면 무엇을 잃을까요?',
      },
      deeds: [
        { say: { en: 'Train 400 steps', ko: '400스텝 학습' }, deed: { kind: 'train', steps: 400 } },
        { say: { en: 'Back to the LSTM', ko: 'LSTM으로 돌아가기' }, deed: { kind: 'cell', slot: 1, choice: { cell: 'lstm' } } },
      ],
    },
  ],
};
