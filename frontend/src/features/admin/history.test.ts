import { expect, test } from "vitest";
import { remember, SPAN_MS } from "./history";

const times = (samples: { time: number }[]) => samples.map(({ time }) => time);

test("what is too old goes, what is new stands at the end", () => {
  const old = [{ time: 0 }, { time: 2000 }, { time: SPAN_MS }];
  expect(times(remember(old, { time: SPAN_MS + 2000 }))).toEqual([SPAN_MS, SPAN_MS + 2000]);
});

test("a page that is left open for a day remembers five minutes", () => {
  let samples: { time: number }[] = [];
  for (let time = 0; time < 24 * 3_600_000; time += 60_000) samples = remember(samples, { time });
  expect(samples).toHaveLength(5);
});

test("after the clock was set back nothing is later than now", () => {
  expect(times(remember([{ time: 5000 }, { time: 9000 }], { time: 7000 }))).toEqual([5000, 7000]);
});
