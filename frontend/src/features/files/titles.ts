/** A title for the next terminal that no other has: "Terminal", "Terminal 2", … */
export function nextTitle(taken: readonly string[]): string {
  const titles = new Set(taken);
  let title = "Terminal";
  for (let count = 2; titles.has(title); count++) title = `Terminal ${count}`;
  return title;
}
