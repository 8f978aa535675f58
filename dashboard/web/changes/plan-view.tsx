import type { PlannedMove, PlanReply } from '../../api/contract.js';
import type { ChangePlan } from '../../api/web-contract.js';
import { bytes, capital, count, duration, span, whole } from '../format.js';
import { GroupMark } from '../parts/group-mark.js';
import { Message } from '../parts/message.js';

const SHOWN_MOVES = 6;
const SHOWN_KEYS = 8;

/** What a change will do, what it touches, how long it takes, and what could go wrong. */
export function PlanView({ plan }: { readonly plan: ChangePlan }) {
  return (
    <>
      <section class="plan" aria-label="Plan">
        <strong>{capital(plan.summary)}</strong>
        {hasFigures(plan) && <Figures plan={plan} />}
        {plan.steps.length > 0 && (
          <ol>
            {plan.steps.map((step) => (
              <li key={step}>{capital(step)}</li>
            ))}
          </ol>
        )}
        {plan.moves && <Moves moves={plan.moves} />}
        {plan.undo !== '' && <p class="faint">To take it back: {plan.undo}</p>}
      </section>
      {plan.warnings.length > 0 && (
        <Message tone="warn">
          {plan.warnings.map((warning) => (
            <p key={warning}>{capital(warning)}</p>
          ))}
        </Message>
      )}
    </>
  );
}

function Figures({ plan }: { readonly plan: ChangePlan }) {
  const about = plan.is_exact ? '' : '≈ ';
  return (
    <dl class="facts">
      {plan.slots > 0 && <Fact name="Slots">{whole(plan.slots)}</Fact>}
      {plan.keys !== null && (
        <Fact name="Keys">
          {about}
          {whole(plan.keys)}
        </Fact>
      )}
      {plan.bytes !== null && (
        <Fact name="Size">
          {about}
          {bytes(plan.bytes)}
        </Fact>
      )}
      {plan.seconds !== null && <Fact name="Time">{duration(plan.seconds)}</Fact>}
    </dl>
  );
}

function Fact(props: { readonly name: string; readonly children: unknown }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children as string}</dd>
    </div>
  );
}

function Moves({ moves }: { readonly moves: PlanReply }) {
  const rest = moves.moves.length - SHOWN_MOVES;
  return (
    <>
      <ul class="stack tight">
        {moves.moves.slice(0, SHOWN_MOVES).map((move) => (
          <li key={`${move.from_group}-${move.to_group}`} class="row">
            <GroupMark group={move.from_group} />→<GroupMark group={move.to_group} />
            <span class="faint">{rangesOf(move)}</span>
          </li>
        ))}
        {rest > 0 && <li class="faint">and {count(rest, 'more pair')} of groups</li>}
      </ul>
      {moves.largest_keys.length > 0 && (
        <details>
          <summary>Largest keys</summary>
          <ul>
            {moves.largest_keys.slice(0, SHOWN_KEYS).map((key) => (
              <li key={`${key.database}/${key.key}`} class="row">
                <code>{key.key}</code>
                <span class="faint spread">{bytes(key.bytes)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function rangesOf(move: PlannedMove): string {
  const slots = move.slots.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const [range] = move.slots;
  if (move.slots.length !== 1 || !range) {
    return `${count(slots, 'slot')} in ${count(move.slots.length, 'range')}`;
  }
  return `${slots === 1 ? 'slot' : 'slots'} ${span(range[0], range[1])}`;
}

function hasFigures(plan: ChangePlan): boolean {
  return plan.slots > 0 || plan.keys !== null || plan.bytes !== null || plan.seconds !== null;
}
