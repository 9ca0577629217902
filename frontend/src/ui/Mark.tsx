/** The mark of the product: three columns under a roof. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill="#3b4cc0" />
      <path d="M16 6 26 11.5v2H6v-2z" fill="#fff" />
      <path d="M8.5 15.5h3V23h-3zm6 0h3V23h-3zm6 0h3V23h-3zM6.5 24.5h19V27h-19z" fill="#fff" />
    </svg>
  );
}
