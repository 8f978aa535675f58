import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { groupColor, hueOf } from '../parts/group-mark.js';
import { type Cell, cells, SLOT_COUNT, wordsFor } from './cells.js';
import { cursor, pressKey, selectFrom, selection, selectTo } from './selection.js';
import { slotCounts } from './slot-counts.js';
import { SlotTip, type TipPlace } from './slot-tip.js';

/** What the cells are coloured by. */
export type MapView = 'groups' | 'keys' | 'bytes';

/** Slots in a line; the style sheet has the same two. */
const WIDE_COLUMNS = 64;
const NARROW_COLUMNS = 32;
const HEAT_STEPS = 6;

/** The 1,024 slots. A range is selected by dragging, or by Shift and the arrow keys. */
export function SlotMap(props: {
  readonly view: MapView;
  /** Slots of other groups are shown faintly; null: none is. */
  readonly highlighted: number | null;
}) {
  const { view, highlighted } = props;
  const list = useRef<HTMLDivElement>(null);
  const tip = useSignal<TipPlace | null>(null);
  const isDragging = useRef(false);
  const drawn = useRef<{ look: string; node: VNode }[]>([]);
  const isFirst = useRef(true);

  // Beyond the map's own cells the keyboard's place may be out of sight.
  useSignalEffect(() => {
    const at = cursor.value;
    if (!isFirst.current && document.activeElement === list.current) {
      list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
    }
    isFirst.current = false;
  });

  const range = selection.value;
  const heat = view === 'groups' ? null : heatOf(view);
  const nodes = cells.value.map((cell, slotId) => {
    const isSelected = range !== null && slotId >= range.first && slotId <= range.last;
    const isFaint = highlighted !== null && !belongs(cell, highlighted);
    const level = heat === null ? -1 : heat(slotId);
    const look = `${cell.group} ${cell.status} ${cell.other} ${isSelected} ${isFaint} ${level} ${slotId === cursor.value}`;
    const before = drawn.current[slotId];
    // The same node again tells the renderer that there is nothing to compare.
    if (before?.look === look) return before.node;
    const node = cellNode({ slotId, cell, isSelected, isFaint, level });
    drawn.current[slotId] = { look, node };
    return node;
  });

  const slotAt = (event: { readonly clientX: number; readonly clientY: number }) => {
    const element = document.elementFromPoint(event.clientX, event.clientY);
    const slot = element instanceof HTMLElement ? element.dataset.slot : undefined;
    return slot === undefined ? null : Number(slot);
  };

  return (
    <div class="slot-map-box">
      <div
        ref={list}
        class="slot-map"
        data-view={view}
        role="listbox"
        tabIndex={0}
        aria-label="Slots"
        aria-multiselectable="true"
        aria-activedescendant={`slot-${cursor.value}`}
        aria-describedby="slot-map-help"
        onKeyDown={(event) => {
          if (!pressKey(event, columnsOf(list.current!))) return;
          event.preventDefault();
          showTipAtCursor(list.current!, tip);
        }}
        onFocus={() => showTipAtCursor(list.current!, tip)}
        onBlur={() => {
          tip.value = null;
        }}
        onPointerDown={(event) => {
          const slotId = slotAt(event);
          if (slotId === null || event.button !== 0) return;
          isDragging.current = true;
          if (event.shiftKey) selectTo(slotId);
          else selectFrom(slotId);
        }}
        onPointerMove={(event) => {
          const slotId = slotAt(event);
          tip.value = slotId === null ? null : placeOf(list.current!, slotId);
          if (slotId !== null && isDragging.current && event.buttons !== 0) selectTo(slotId);
        }}
        onPointerUp={() => {
          isDragging.current = false;
        }}
        onPointerLeave={() => {
          tip.value = null;
        }}
      >
        {nodes}
      </div>
      {tip.value && <SlotTip place={tip.value} />}
      <p id="slot-map-help" class="unseen">
        Arrow keys go from slot to slot, with Shift they select a range. Escape ends the selection.
      </p>
    </div>
  );
}

function cellNode(props: {
  readonly slotId: number;
  readonly cell: Cell;
  readonly isSelected: boolean;
  readonly isFaint: boolean;
  readonly level: number;
}): VNode {
  const { slotId, cell, isSelected, isFaint, level } = props;
  const color = cell.group < 1 ? {} : groupColor(cell.group);
  return (
    <div
      key={slotId}
      id={`slot-${slotId}`}
      role="option"
      tabIndex={-1}
      class={cell.group < 1 ? 'slot' : 'slot fill'}
      aria-selected={isSelected}
      aria-label={`Slot ${slotId}: ${wordsFor(cell)}`}
      data-slot={slotId}
      data-group={cell.group}
      data-state={cell.status}
      data-from={cell.status === 'migrate' && cell.other > 0 ? hueOf(cell.other) : undefined}
      data-faint={isFaint ? '' : undefined}
      data-heat={level < 0 ? undefined : level}
      data-cursor={slotId === cursor.peek() ? '' : undefined}
      {...color}
    />
  );
}

function belongs(cell: Cell, group: number): boolean {
  return cell.group === group || (cell.status === 'migrate' && cell.other === group);
}

/** From 0, nothing, to {@link HEAT_STEPS}, as much as the fullest slot. */
function heatOf(view: 'keys' | 'bytes'): (slotId: number) => number {
  const counts = slotCounts.value;
  const most = Math.max(1, ...[...counts.values()].map((count) => count[view]));
  return (slotId) => {
    const value = counts.get(slotId)?.[view] ?? 0;
    return value === 0 ? 0 : Math.max(1, Math.ceil((value / most) * HEAT_STEPS));
  };
}

function columnsOf(list: HTMLElement): number {
  const [first, later] = [list.children[0], list.children[NARROW_COLUMNS]];
  const isWide = first?.getBoundingClientRect().top === later?.getBoundingClientRect().top;
  return isWide ? WIDE_COLUMNS : NARROW_COLUMNS;
}

function placeOf(list: HTMLElement, slotId: number): TipPlace {
  const box = list.getBoundingClientRect();
  const cell = list.children[Math.min(slotId, SLOT_COUNT - 1)]!.getBoundingClientRect();
  return {
    slotId,
    left: cell.left - box.left + cell.width / 2,
    top: cell.top - box.top,
    width: box.width,
  };
}

function showTipAtCursor(list: HTMLElement, tip: Signal<TipPlace | null>): void {
  tip.value = placeOf(list, cursor.peek());
}
