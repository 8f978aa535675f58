/**
 * The environment of a process that serves clients: has glibc give the memory of buffers back when
 * they are freed. By itself it keeps ever larger ones for the next time, and a proxy that has had slow
 * readers of large values stays as large as it was then. Not for a process that runs already: it is
 * read at the start.
 */
export const MALLOC_SETTINGS: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '1048576',
};
