/** Where the arguments are in the command, as a framer finds them. */
export function placesOf(
  args: readonly Buffer[],
  bytes: Buffer,
): { readonly starts: Int32Array; readonly ends: Int32Array } {
  const starts = Int32Array.from(args, (arg) => arg.byteOffset - bytes.byteOffset);
  const ends = Int32Array.from(args, (arg) => arg.byteOffset - bytes.byteOffset + arg.length);
  return { starts, ends };
}
