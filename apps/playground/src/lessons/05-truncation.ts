import type { Lesson } from './lesson.ts';

export const truncation: Lesson = {
  id: 'truncation',
  title: { en: 'Truncation', ko: '역전파 끊기' },
  state: { task: 'echo', selected: 1, config: { options: { lag: 6 }, truncate: 3 } },
  pages: [
    {
      look: 'reach',
      text: {
        en: 'Long sequences are often cut into pieces for training: the state is handed on, the gradient is not. Here a piece has 3 steps, and the wall shows where back-propagation stops. What was heard 6 steps ago always lies behind it.',
        ko: '긴 시퀀스는 흔히 조각으로 나누어 학습합니다. 상태는 넘겨주지만 기울기는 넘겨주지 않습니다. 여기서는 한 조각이 3스텝이고, 벽은 역전파가 멈추는 곳입니다. 6스텝 전에 들은 것은 언제나 벽 너머에 있습니다.',
      },
    },
    {
      look: 'models',
      text: {
        en: 'Train. No model can be told that an earlier step mattered, so progress is slow or none: they can only use what their state happens to hold on to.',
        ko: '학습시켜 보세요. 이전 스텝이 중요했다는 것을 어느 모델에도 알려 줄 수 없으므로 거의 나아지지 않습니다. 상태에 우연히 남아 있는 것만 쓸 수 있습니다.',
      },
      deeds: [{ say: { en: 'Train 300 steps', ko: '300스텝 학습' }, deed: { kind: 'train', steps: 300 } }],
    },
    {
      look: 'reach',
      text: {
        en: 'Take the wall away. Nothing else changes, not even the weights. The lines now go on to the left: the error gets back to what was heard 6 steps earlier.',
        ko: '벽을 없애 봅시다. 다른 것은, 가중치조차 바뀌지 않습니다. 이제 선이 왼쪽으로 이어집니다. 오차가 6스텝 전에 들은 것까지 거슬러 갑니다.',
      },
      deeds: [
        { say: { en: 'Take the wall away', ko: '벽 없애기' }, deed: { kind: 'truncate', steps: 0 } },
      ],
    },
    {
      look: 'curves',
      text: {
        en: 'Train on without the wall and watch the loss. It was flat while the cause could not be reached; from here on it falls.',
        ko: '벽 없이 이어서 학습시키고 손실을 보세요. 원인에 닿지 못하는 동안 제자리였던 손실이 여기서부터 내려갑니다.',
      },
      deeds: [{ say: { en: 'Train 300 steps', ko: '300스텝 학습' }, deed: { kind: 'train', steps: 300 } }],
    },
    {
      look: 'settings',
      text: {
        en: 'Why cut at all? Back-propagation keeps the values of every step in memory, so a piece is as long as the memory allows. A good length is a little longer than what the task needs to remember.',
        ko: '그런데 왜 끊을까요? 역전파는 모든 스텝의 값을 메모리에 두어야 하므로 조각의 길이는 메모리가 정합니다. 과제가 기억해야 하는 것보다 조금 긴 길이가 좋습니다.',
      },
      deeds: [{ say: { en: 'Put the wall back', ko: '벽 되돌리기' }, deed: { kind: 'truncate', steps: 3 } }],
    },
  ],
};
