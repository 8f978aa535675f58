import { computed } from '@preact/signals';
import { openAddGroup, openAddServer } from '../changes/group-changes.js';
import { openAssignSlots, openInitSlots } from '../changes/slot-changes.js';
import { groups, proxies, slotRuns } from '../live/state.js';
import { Icon } from '../parts/icon.js';

interface Step {
  readonly title: string;
  readonly means: string;
  readonly isDone: boolean;
  readonly verb?: string;
  readonly open?: () => void;
}

/** True once there is nothing left of what {@link GuidedStart} leads through. */
export const isSetUp = computed(() => stepsToGo().every(({ isDone }) => isDone));

/** What leads from an empty cluster to one that serves; null once it does. */
export function GuidedStart() {
  if (isSetUp.value) return null;
  const steps = stepsToGo();
  const next = steps.findIndex(({ isDone }) => !isDone);
  return (
    <section class="card start" aria-label="Set up the cluster">
      <div class="card-head">
        <h2>Set up the cluster</h2>
        <span class="faint small">
          {steps.filter(({ isDone }) => isDone).length} of {steps.length} done
        </span>
      </div>
      <ol>
        {steps.map((step, index) => (
          <li key={step.title} data-done={step.isDone ? '' : undefined}>
            <span class="step-mark">{step.isDone ? <Icon name="check" /> : index + 1}</span>
            <div>
              <strong>{step.title}</strong>
              {step.isDone && <span class="unseen"> (done)</span>}
              <p class="small soft">{step.means}</p>
            </div>
            {step.open && !step.isDone && (
              <button
                type="button"
                class={`button spread ${index === next ? 'primary' : ''}`}
                disabled={index > next}
                onClick={step.open}
              >
                {step.verb}
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function stepsToGo(): Step[] {
  const all = groups.value;
  const withoutMaster = all.find(({ master }) => master === null);
  const withoutSlots = all.filter((group) => group.slots === 0 && group.slots_coming === 0);
  const runs = slotRuns.value;
  const free = runs.find(([, , group]) => group < 1);
  return [
    {
      title: 'Add a group',
      means: 'A group is a master with its replicas. Add as many as you have masters.',
      isDone: all.length > 0,
      verb: 'Add a group…',
      open: openAddGroup,
    },
    {
      title: 'Add a server to each group',
      means: 'A Redis server that runs already; the first one of a group is its master.',
      isDone: all.length > 0 && !withoutMaster,
      verb: withoutMaster ? `Add a server to group ${withoutMaster.id}…` : 'Add a server…',
      open: () => withoutMaster && openAddServer(withoutMaster.id),
    },
    {
      title: 'Create the slots',
      means: 'Every key lives in one of 1,024 slots.',
      isDone: runs.length > 0,
      verb: 'Create the slots…',
      open: openInitSlots,
    },
    {
      title: 'Give the slots to the groups',
      means: 'A group serves the keys of its slots. They can be moved at any time later.',
      isDone: runs.length > 0 && !free,
      verb: 'Give slots…',
      open: () => {
        if (!free) return;
        const [first, last] = free;
        const takers = Math.max(1, withoutSlots.length);
        const part = Math.ceil((last - first + 1) / takers);
        const taker = withoutSlots[0] ?? all[0];
        openAssignSlots({ first, last: first + part - 1 }, taker?.id ?? null);
      },
    },
    {
      title: 'Start a proxy',
      means: 'On any machine: codis-proxy -c config.ini. It appears here by itself.',
      isDone: proxies.value.length > 0,
    },
  ];
}
