// What a page answers is heard without looking up: high and short is good, low and twice is not. Browsers let only a
// page make a sound that somebody has touched: the first key, a scanner's too, wakes it.
let sound;

for (const touch of ["keydown", "pointerdown"]) {
  document.addEventListener(touch, () => {
    sound ??= new AudioContext();
    if (sound.state === "suspended") sound.resume();
  }, true);
}

document.addEventListener("answered", ({ detail }) => {
  if (!sound || !detail) return;
  const low = detail === "bad" || detail === "careful";
  for (const start of low ? [0, 0.18] : [0]) {
    const tone = sound.createOscillator();
    const level = sound.createGain();
    tone.frequency.value = low ? 196 : 880;
    level.gain.value = 0.08;
    tone.connect(level).connect(sound.destination);
    tone.start(sound.currentTime + start);
    tone.stop(sound.currentTime + start + 0.12);
  }
});
