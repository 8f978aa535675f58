const HUES = 8;
const PATTERNS = 8;

/** The attributes that give an element of class `fill` the colour and pattern of a group. */
export function groupColor(group: number): { 'data-hue': string; 'data-pattern': string } {
  return {
    'data-hue': String(hueOf(group)),
    'data-pattern': String(Math.floor(Math.max(0, group - 1) / HUES) % PATTERNS),
  };
}

/** The number of the group's hue, for what shows no pattern. */
export function hueOf(group: number): number {
  return Math.max(0, group - 1) % HUES;
}

/** The little square of a group's colour; dashed for no group. */
export function Swatch({ group }: { readonly group: number }) {
  if (group < 1) return <span class="swatch none" />;
  return <span class="swatch fill" {...groupColor(group)} />;
}

/** A group's name with its colour. */
export function GroupMark({ group }: { readonly group: number }) {
  return (
    <span class="group-mark">
      <Swatch group={group} />
      {group < 1 ? 'No group' : `Group ${group}`}
    </span>
  );
}
