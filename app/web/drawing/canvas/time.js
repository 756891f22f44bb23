// The bar of time above the picture: it goes through the snapshots, one at a time or by itself. The
// page works out each only when it is asked for, and the next one begins once the last is drawn.

const PACE = 1200, SLOW = 2600; // milliseconds that a snapshot stays, and where motion is not wanted

class Time {
  constructor(canvas) {
    Object.assign(this, { canvas, playing: false, awaited: null, timer: 0, days: [], at: -1 });
    this.bar = built("div", { class: "time", role: "group", "aria-label": "Time" });
    this.range = built("input", { type: "range", min: 0, step: 1, "aria-label": "Snapshot" });
    this.day = built("span", { class: "day" });
    this.back = button("Previous snapshot", "‹", () => this.place() && this.byHand(this.place() - 1));
    this.run = button("Play", "▶ Play", () => (this.playing ? this.stop() : this.play()));
    this.on = button("Next snapshot", "›", () => this.byHand(this.place() + 1));
    this.end = button("Back to now", "Now", () => this.byHand(-1));
    this.words = built("span", { class: "unseen", role: "status" });
    this.range.addEventListener("input", () => this.label(Number(this.range.value)));
    this.range.addEventListener("change", () => this.byHand(Number(this.range.value)));
    this.bar.append(this.back, this.run, this.on, this.range, this.day, this.end, this.words);
  }

  // Where the slider stands: without a replay at the last snapshot, which is the page's own.
  place() {
    const at = this.awaited ?? this.at;
    return at < 0 ? this.days.length - 1 : at;
  }

  byHand(at) {
    this.stop();
    this.go(at);
  }

  go(at) {
    if (at >= this.days.length || at < -1 || (at === this.at && this.awaited === null)) return;
    this.awaited = at;
    this.label(at < 0 ? this.days.length - 1 : at);
    this.enable();
    this.canvas.send("moment", { place: at, at: Date.now() });
  }

  play() {
    this.playing = true;
    this.go(this.at < 0 || this.at === this.days.length - 1 ? 0 : this.at + 1);
    this.enable();
  }

  stop() {
    this.playing = false;
    clearTimeout(this.timer);
    this.enable();
  }

  update(time) {
    this.bar.hidden = !time;
    if (!time) return this.stop();
    this.days = time.days;
    this.range.max = time.days.length - 1;
    this.at = time.at;
    this.words.textContent = time.words;
    if (this.awaited !== null && this.awaited !== time.at) return; // not drawn yet
    const arrived = this.awaited !== null;
    this.awaited = null;
    this.range.value = this.place();
    this.label(this.place());
    if (!this.playing || !arrived) return this.enable();
    if (this.at === this.days.length - 1) return this.stop();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = setTimeout(() => this.playing && this.go(this.at + 1), still ? SLOW : PACE);
    this.enable();
  }

  label(at) {
    const words = `${this.days[at]}, ${at + 1} of ${this.days.length}`;
    this.day.textContent = words;
    this.range.setAttribute("aria-valuetext", words);
  }

  // A button that cannot be used keeps the focus: whoever steps by keyboard does not lose the place.
  enable() {
    const at = this.place();
    this.back.setAttribute("aria-disabled", at === 0);
    this.on.setAttribute("aria-disabled", at === this.days.length - 1);
    this.end.setAttribute("aria-disabled", this.at < 0 && this.awaited === null);
    this.run.textContent = this.playing ? "❚❚ Pause" : "▶ Play";
    this.run.setAttribute("aria-label", this.playing ? "Pause" : "Play through the snapshots");
    this.run.title = this.run.getAttribute("aria-label");
  }
}
