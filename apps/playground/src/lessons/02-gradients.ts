import type { Lesson } from './lesson.ts';

export const gradients: Lesson = {
  id: 'gradients',
  title: { en: 'Why gradients vanish and explode', ko: '기울기는 왜 사라지고 폭발하는가' },
  state: { task: 'echo', selected: 0, config: { options: { lag: 20 }, keep: 0 } },
  pages: [
    {
      look: 'reach',
      text: {
        en: 'The answer at the end depends on what was heard 20 steps earlier. To learn that, the error has to travel back through all 20 steps, and at each one it is multiplied with the same weights. Multiply by a little less than one again and again, and almost nothing is left.',
        ko: '마지막 답은 20스텝 전에 들은 것에 달려 있습니다. 그것을 배우려면 오차가 20스텝을 모두 거슬러 가야 하고, 스텝마다 같은 가중치가 곱해집니다. 1보다 조금 작은 수를 거듭 곱하면 거의 아무것도 남지 않습니다.',
      },
    },
    {
      look: 'reach',
      text: {
        en: 'Nothing is trained yet, and you can see it: on this logarithmic scale the lines run straight down to the left. The half-life says after how many steps half of the signal is gone. With a short one, the steps on the left learn practically nothing: the gradient vanishes.',
        ko: '아직 배우기 전인데도 보입니다. 로그 눈금에서 선이 왼쪽으로 곧게 내려갑니다. 반감기는 몇 스텝마다 신호가 절반이 되는지를 말합니다. 반감기가 짧으면 왼쪽 스텝은 거의 아무것도 배우지 못합니다. 이것이 기울기 소실입니다.',
      },
    },
    {
      look: 'reach',
      text: {
        en: 'Now the opposite. Make the recurrent weights of the RNN three times as strong and leave out the tanh: the line turns around. Each step back now makes the gradient larger, and one training step can throw the weights anywhere. The gradient explodes; that is why its norm is clipped.',
        ko: '이번에는 반대입니다. RNN의 순환 가중치를 세 배로 키우고 tanh를 빼면 선이 뒤집힙니다. 거슬러 갈수록 기울기가 커져서, 학습 한 스텝이 가중치를 엉뚱한 곳으로 날려 버릴 수 있습니다. 이것이 기울기 폭발이고, 그래서 기울기의 크기를 자릅니다.',
      },
      deeds: [
        { say: { en: 'Three times as strong', ko: '세 배로' }, deed: { kind: 'cell', slot: 0, choice: { cell: 'custom', equations: 'h = W_h x + 3 * (R_h h) + b_h' } } },
        { say: { en: 'Back to the RNN', ko: 'RNN으로 돌아가기' }, deed: { kind: 'cell', slot: 0, choice: { cell: 'rnn' } } },
      ],
    },
    {
      look: 'reach',
      text: {
        en: 'Gates let a cell choose what it multiplies with. Open the gates that keep: add 3 to their biases, and the forget gate of the LSTM and the z of the GRU begin near one. Nothing has been learnt, yet their lines lift: the error comes back almost whole. The RNN has no such gate.',
        ko: '게이트가 있으면 무엇을 곱할지 셀이 고를 수 있습니다. 남기는 게이트를 열어 봅시다. 편향에 3을 더하면 LSTM의 망각 게이트와 GRU의 z가 1 가까이에서 시작합니다. 아직 아무것도 배우지 않았는데 선이 올라갑니다. 오차가 거의 그대로 돌아옵니다. RNN에는 그런 게이트가 없습니다.',
      },
      deeds: [{ say: { en: 'Open the gates', ko: '게이트 열기' }, deed: { kind: 'keep', keep: 3 } }],
    },
    {
      look: 'curves',
      text: {
        en: 'Now train, and compare the loss. A cell can only learn what its gradient can reach. While it learns, the lines change too: watch them after every hundred steps.',
        ko: '이제 학습시키고 손실을 견주어 보세요. 셀은 기울기가 닿는 것만 배울 수 있습니다. 배우는 동안 선도 달라집니다. 100스텝마다 살펴보세요.',
      },
      deeds: [{ say: { en: 'Train 400 steps', ko: '400스텝 학습' }, deed: { kind: 'train', steps: 400 } }],
    },
  ],
};
