import { addingTask } from './adding.ts';
import { additionTask } from './addition.ts';
import { airlineTask } from './airline.ts';
import { copyTask } from './copy.ts';
import { datesTask } from './dates.ts';
import type { TaskDefinition, TaskName } from './definition.ts';
import { dyckTask } from './dyck.ts';
import { echoTask } from './echo.ts';
import { lorenzTask } from './lorenz.ts';
import { parityTask } from './parity.ts';
import { embeddedReberTask, reberTask } from './reber.ts';
import { sineTask } from './sine.ts';
import { temporalOrder6aTask, temporalOrder6bTask } from './temporalOrder.ts';

/** Every task by its name. Who needs one alone imports that one, and bundlers leave out the others. */
export const tasks: Readonly<Record<TaskName, TaskDefinition>> = {
  echo: echoTask,
  adding: addingTask,
  copy: copyTask,
  parity: parityTask,
  dyck: dyckTask,
  reber: reberTask,
  'embedded-reber': embeddedReberTask,
  'temporal-order-6a': temporalOrder6aTask,
  'temporal-order-6b': temporalOrder6bTask,
  sine: sineTask,
  lorenz: lorenzTask,
  addition: additionTask,
  dates: datesTask,
  airline: airlineTask,
};
