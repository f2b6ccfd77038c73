// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The lwrf_ros authors
// The page of `lwrf report`: shows what is in the script element `data`, and loads nothing.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const SLOWEST_MS = 1000, FASTEST_MS = 33, FRAME_MS = 100;
  const state = { camera: 0, frame: 0, stacked: true, timer: 0, drawing: false };
  const camera = () => data.cameras[state.camera];

  // ---- small helpers

  function element(name, text = "", className = "") {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function fillPairs(id, pairs) {
    const table = $(id);
    table.replaceChildren();
    for (const [key, value] of pairs) {
      const row = table.insertRow();
      row.append(element("td", key), element("td", String(value)));
    }
  }

  function shown(value) {
    if (value === null || value === "") return "none";
    return Array.isArray(value) ? value.join(" x ") : String(value);
  }

  function fillTable(id, heading, rows) {
    const table = $(id);
    table.replaceChildren();
    const first = table.createTHead().insertRow();
    first.append(...heading.map((text) => element("th", text)));
    const body = table.createTBody();
    for (const cells of rows) body.insertRow().append(...cells.map((text) => element("td", text)));
  }

  const percent = (share, digits = 2) => `${(100 * share).toFixed(digits)} %`;
  // What is not defined, the IoU of a class that is not there for example, is null.
  const score = (value) => (value === null ? "n/a" : value.toFixed(4));

  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const isDark = () => document.documentElement.dataset.theme === "dark";
  const rgb = (colour) => `rgb(${colour.join(",")})`;

  // A class may be nearly as dark or as light as the paper: mix it until it can be told from it.
  function onPaper(colour) {
    const [towards, enough] = isDark() ? [255, (l) => l > 95] : [0, (l) => l < 175];
    const light = (c) => 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
    let mixed = colour;
    for (let step = 0; step < 8 && !enough(light(mixed)); step += 1) {
      mixed = mixed.map((part) => Math.round(part + (towards - part) * 0.18));
    }
    return rgb(mixed);
  }

  // ---- frames

  function picture(frame) {
    return `data:image/webp;base64,${camera().pictures[frame]}`;
  }

  function goTo(frame) {
    const frames = camera().frames;
    const last = frames.time.length - 1;
    for (const id of ["slider", "back", "play", "forward"]) $(id).disabled = last < 0;
    if (last < 0) {
      $("picture").removeAttribute("src");
      $("where").textContent = "no frame has labels";
      $("shares").replaceChildren();
      return;
    }
    state.frame = Math.max(0, Math.min(last, frame));
    const now = state.frame;
    $("slider").value = now;
    $("picture").src = picture(now);
    $("where").textContent =
      `frame ${frames.number[now]}, ${timeText(frames.time[now])}; picture ${now + 1} of ` +
      `${last + 1}; stamp ${stampText(frames.stamp[now])}; ` +
      `${frames.engine_ms[now].toFixed(1)} ms in the engine`;
    showShares(frames.coverage[now]);
    if (!state.drawing) {
      state.drawing = true;
      requestAnimationFrame(() => {
        state.drawing = false;
        Plotly.relayout("coverage", { shapes: [mark()] });
        if (camera().equal) Plotly.relayout("equal", { shapes: [mark()] });
      });
    }
  }

  const inSeconds = () => camera().axis.startsWith("seconds");
  const timeText = (time) => (inSeconds() ? `${time.toFixed(2)} s` : `place ${time}`);
  // As text: nanoseconds since 1970 are beyond what a number of JavaScript holds.
  const stampText = (ns) => `${ns.slice(0, -9) || "0"}.${ns.slice(-9).padStart(9, "0")}`;

  function nearest(time) {
    const times = camera().frames.time;
    let best = 0;
    times.forEach((other, place) => {
      if (Math.abs(other - time) < Math.abs(times[best] - time)) best = place;
    });
    return best;
  }

  function showShares(shares) {
    const table = $("shares");
    if (table.rows.length !== data.classes.length) {
      table.replaceChildren();
      for (const { name, colour } of data.classes) {
        const row = table.insertRow();
        const title = element("td");
        const swatch = element("span", "", "swatch");
        swatch.style.background = rgb(colour);
        title.append(swatch, name);
        const bar = element("td", "", "bar");
        const track = element("div", "", "track");
        track.append(element("div", "", "fill"));
        bar.append(track);
        row.append(title, bar, element("td", "", "share"));
      }
    }
    shares.forEach((share, place) => {
      const row = table.rows[place];
      const fill = row.querySelector(".fill");
      fill.style.width = `${share}%`;
      fill.style.background = onPaper(data.classes[place].colour);
      row.querySelector(".share").textContent = `${share.toFixed(1)} %`;
    });
  }

  // ---- play

  function pause() {
    clearTimeout(state.timer);
    state.timer = 0;
    $("play").textContent = "Play";
  }

  function step() {
    const times = camera().frames.time;
    if (state.frame >= times.length - 1) {
      pause();
      return;
    }
    goTo(state.frame + 1);
    const gap = inSeconds() ? 1000 * (times[state.frame + 1] - times[state.frame]) : FRAME_MS;
    state.timer = setTimeout(step, Math.max(FASTEST_MS, Math.min(SLOWEST_MS, gap || FRAME_MS)));
  }

  function togglePlay() {
    if (state.timer) {
      pause();
      return;
    }
    if (state.frame >= camera().frames.time.length - 1) goTo(0);
    $("play").textContent = "Pause";
    state.timer = setTimeout(step, FRAME_MS);
  }

  // ---- plots

  function layout(more) {
    const axis = { gridcolor: variable("--grid"), zerolinecolor: variable("--grid"), automargin: true };
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: variable("--ink"), family: "system-ui, DejaVu Sans, sans-serif", size: 13 },
      margin: { l: 50, r: 10, t: 30, b: 45 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: variable("--soft"), activecolor: variable("--accent") },
      hoverlabel: { bgcolor: variable("--card"), font: { color: variable("--ink") } },
      ...more,
      xaxis: { ...axis, ...more.xaxis },
      yaxis: { ...axis, ...more.yaxis },
    };
  }

  // Named, because some of the library's own buttons talk to its makers' server.
  const BUTTONS = [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]];
  const CONFIG = { displaylogo: false, responsive: true, modeBarButtons: BUTTONS };

  function mark() {
    const time = camera().frames.time[state.frame];
    return {
      type: "line", xref: "x", yref: "paper", x0: time, x1: time, y0: 0, y1: 1,
      line: { color: variable("--ink"), width: 2, dash: "dot" },
    };
  }

  function drawCoverage() {
    const { series, mean, refused } = camera();
    const traces = data.classes.map(({ name, colour }, place) => ({
      type: "scatter",
      name: mean.length ? `${name} ${mean[place].toFixed(1)} %` : name,
      x: series.time,
      y: series.values[place] || [],
      // One frame makes no line.
      mode: series.time.length > 1 ? "lines" : "markers",
      hovertemplate: `${name.replace(/</g, "&lt;")} %{y:.1f} %<extra></extra>`,
      line: { color: state.stacked ? rgb(colour) : onPaper(colour), width: state.stacked ? 0.5 : 1.6 },
      ...(state.stacked ? { stackgroup: "all", fillcolor: rgb(colour) } : {}),
    }));
    traces.push({
      type: "scatter", name: "refused", mode: "markers", x: refused.time,
      y: refused.time.map(() => 0), text: refused.reason, cliponaxis: false,
      hovertemplate: "refused: %{text}<extra></extra>", showlegend: refused.time.length > 0,
      marker: { symbol: "x", size: 9, color: variable("--bad") },
    });
    const marked = camera().frames.time.length ? [mark()] : [];
    Plotly.react("coverage", traces, layout({
      hovermode: "x unified",
      // Redrawn, it stays zoomed, and what was hidden stays hidden.
      uirevision: `camera ${state.camera}`,
      shapes: marked,
      legend: { traceorder: "reversed" },
      xaxis: { title: { text: camera().axis } },
      yaxis: {
        title: { text: "share of the pixels (%)" }, rangemode: "tozero",
        ...(state.stacked ? { range: [0, 100] } : { autorange: true }),
      },
    }), CONFIG);
    $("thinned").textContent = series.each > 1
      ? ` Each point of the plot is the mean of ${series.each} frames.` : "";
  }

  function drawLatency() {
    const latency = camera().latency;
    if (!latency) {
      Plotly.purge("latency");
      $("percentiles").textContent = "no frame has labels";
      return;
    }
    const { edges, counts, p50, p99 } = latency;
    const line = (x, text) => ({
      shape: {
        type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1,
        line: { color: variable("--ink"), width: 1.5, dash: "dash" },
      },
      label: { x, y: 1, xref: "x", yref: "paper", text, showarrow: false, xanchor: "center", yanchor: "bottom" },
    });
    const lines = [line(p50, "p50"), line(p99, "p99")];
    Plotly.react("latency", [{
      type: "bar",
      x: counts.map((_, place) => (edges[place] + edges[place + 1]) / 2),
      y: counts,
      width: counts.map((_, place) => edges[place + 1] - edges[place]),
      customdata: counts.map((_, place) => [edges[place], edges[place + 1]]),
      hovertemplate: "%{customdata[0]:.1f} to %{customdata[1]:.1f} ms: %{y} frames<extra></extra>",
      marker: { color: variable("--accent"), line: { color: variable("--card"), width: 0.5 } },
    }], layout({
      bargap: 0,
      shapes: lines.map((one) => one.shape),
      annotations: lines.map((one) => one.label),
      xaxis: { title: { text: "milliseconds" } },
      yaxis: { title: { text: "frames" } },
    }), { ...CONFIG, displayModeBar: false });
    $("percentiles").textContent =
      `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, mean ${latency.mean.toFixed(1)} ms, ` +
      `longest ${latency.max.toFixed(1)} ms. Longer ones than the axis shows are in the last bar.`;
  }

  function drawEqual() {
    const { equal, axis, frames } = camera();
    if (!equal) return;
    Plotly.react("equal", [{
      type: "scatter", mode: equal.time.length > 1 ? "lines" : "markers", x: equal.time, y: equal.values,
      line: { color: variable("--accent"), width: 1.5 },
      hovertemplate: "%{y:.3f} % equal<extra></extra>",
    }], layout({
      hovermode: "x unified",
      uirevision: `camera ${state.camera}`,
      shapes: frames.time.length ? [mark()] : [],
      xaxis: { title: { text: axis } },
      yaxis: { title: { text: "equal pixels (%)" } },
    }), { ...CONFIG, displayModeBar: false });
  }

  // ---- what does not move

  function showComparison() {
    const found = data.comparison;
    $("comparison").hidden = !found;
    if (!found) return;
    $("golden").textContent = found.golden;
    $("verdict").textContent = found.same ? "Within the limits" : "Different";
    $("verdict").className = found.same ? "" : "bad";
    $("exceeded").replaceChildren(...found.exceeded.map((text) => element("li", text)));
    const { frames, equal_pixels: pixels } = found;
    const each = camera().equal.each;
    $("compared").textContent =
      `${frames.compared} frames compared, ${frames.equal} of them equal in every pixel, ` +
      `${frames.missing} missing, ${frames.extra} extra; ${percent(pixels.mean, 4)} of the pixels ` +
      `equal on average, ${percent(pixels.least, 4)} in the frame that changed most.` +
      (each > 1 ? ` Each point of the plot is the least of ${each} frames.` : "");
    fillTable("changes", ["class", "before", "now", "change", "IoU"], Object.entries(found.classes).map(
      ([name, one]) => [
        name, percent(one.golden_coverage), percent(one.coverage),
        `${one.change > 0 ? "+" : ""}${percent(one.change, 3)}`, score(one.iou),
      ]));
    $("changed").replaceChildren(...found.pictures.map(([text, content]) => {
      const image = element("img");
      image.src = `data:image/webp;base64,${content}`;
      image.alt = text;
      return image;
    }));
    // Where there is none, nothing has changed.
    $("changed").parentElement.hidden = !found.pictures.length;
  }

  function showScores() {
    const { scores } = camera();
    $("scores").hidden = !scores;
    if (!scores) return;
    const unscored = Object.entries(scores.unscored).map(([why, count]) => `, ${count} not: ${why}`);
    $("scored").textContent =
      `${scores.frames} frames against ${scores.ground_truth}${unscored.join("")}; mean IoU ` +
      `${score(scores.mean_iou)}, pixel accuracy ${score(scores.pixel_accuracy)}`;
    fillTable("ious", ["class", "IoU", "accuracy"], scores.iou.map(
      (iou, place) => [data.classes[place].name, score(iou), score(scores.accuracy[place])]));
  }

  function showAccount() {
    const { read, processed, refused_by_reason: reasons, refused, topic } = camera();
    fillPairs("account", [
      ["topic", topic],
      ["read", read],
      ["with labels", processed],
      ...Object.entries(reasons).map(([reason, count]) => [`refused: ${reason}`, count]),
    ]);
    $("refused").replaceChildren();
    if (refused.total) {
      const list = element("ul");
      refused.number.forEach((number, place) => {
        list.append(element("li", `frame ${number}, ${timeText(refused.time[place])}: ${refused.reason[place]}`));
      });
      if (refused.total > refused.number.length) {
        list.append(element("li", `and ${refused.total - refused.number.length} more (frames.csv)`));
      }
      $("refused").append(list);
    }
  }

  function showWorst() {
    const { worst, frames } = camera();
    $("criterion").textContent = worst.title;
    $("worst").replaceChildren();
    for (const [frame, text] of worst.frames) {
      const button = element("button");
      button.type = "button";
      const image = element("img");
      image.src = picture(frame);
      image.alt = "";
      button.append(image, element("span", `frame ${frames.number[frame]}, ${timeText(frames.time[frame])}`), element("span", text));
      button.addEventListener("click", () => {
        pause();
        goTo(frame);
        window.scrollTo({ top: 0 });
      });
      $("worst").append(button);
    }
    if (!worst.frames.length) $("worst").append(element("p", "no such frame"));
  }

  function showRun() {
    const total = (key) => data.cameras.reduce((sum, one) => sum + one[key], 0);
    $("title").textContent = data.title;
    const wall = data.wall_s > 0 ? `, in ${data.wall_s.toFixed(1)} s` : "";
    $("summary").textContent = `${total("read")} frames read, ${total("processed")} with labels${wall}`;
    const pictures = data.cameras.reduce((sum, one) => sum + one.frames.time.length, 0);
    const notices = [];
    if (!data.complete) notices.push("The replay did not come to the recording's end: what follows is what there was until then.");
    if (!total("processed")) notices.push("No frame has labels.");
    if (pictures < total("processed")) {
      notices.push(`The slider shows ${pictures} of ${total("processed")} frames, evenly spread; the plots are of all.`);
    }
    $("notices").replaceChildren(...notices.map((text) => element("p", text, "notice")));
    fillPairs("faults", Object.keys(data.faults).length ? Object.entries(data.faults) : [["none", ""]]);
    const settings = Object.entries(data.settings).map(([key, value]) => [key, shown(value)]);
    fillPairs("settings", [["input", data.input], ["output", data.output], ...settings]);
    fillPairs("versions", Object.entries(data.versions));
    if (data.cameras.length > 1) {
      $("camera-choice").hidden = false;
      data.cameras.forEach((one, place) => $("camera").append(new Option(one.label, place)));
    }
  }

  function showCamera() {
    pause();
    state.frame = 0;
    $("slider").max = Math.max(0, camera().frames.time.length - 1);
    showComparison();
    showScores();
    drawCoverage();
    drawEqual();
    drawLatency();
    showAccount();
    showWorst();
    goTo(0);
  }

  // ---- light and dark

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    $("theme").textContent = theme === "dark" ? "Light" : "Dark";
  }

  const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
  setTheme(systemDark.matches ? "dark" : "light");

  function redraw() {
    drawCoverage();
    drawEqual();
    drawLatency();
    goTo(state.frame);
  }

  // ---- links: report.html#frame=252, or #camera=front&frame=252

  function followLink() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const found = data.cameras.findIndex((one) => one.label === asked.get("camera"));
    if (found >= 0 && found !== state.camera) {
      state.camera = found;
      $("camera").value = found;
      showCamera();
    }
    if (!asked.has("frame")) return;
    // The first one that is not before it: not every frame has a picture.
    const place = camera().frames.number.findIndex((number) => number >= Number(asked.get("frame")));
    goTo(place < 0 ? Infinity : place);
  }

  // ---- wiring

  showRun();
  showCamera();
  followLink();
  window.addEventListener("hashchange", followLink);
  for (const id of data.comparison ? ["coverage", "equal"] : ["coverage"]) {
    $(id).on("plotly_click", (event) => {
      pause();
      goTo(nearest(event.points[0].x));
    });
  }
  systemDark.addEventListener("change", (event) => {
    setTheme(event.matches ? "dark" : "light");
    redraw();
  });
  $("theme").addEventListener("click", () => {
    setTheme(isDark() ? "light" : "dark");
    redraw();
  });
  $("camera").addEventListener("change", (event) => {
    state.camera = Number(event.target.value);
    showCamera();
  });
  $("slider").addEventListener("input", (event) => {
    pause();
    goTo(Number(event.target.value));
  });
  $("back").addEventListener("click", () => { pause(); goTo(state.frame - 1); });
  $("forward").addEventListener("click", () => { pause(); goTo(state.frame + 1); });
  $("play").addEventListener("click", togglePlay);
  for (const kind of ["stacked", "lines"]) {
    $(kind).addEventListener("click", () => {
      state.stacked = kind === "stacked";
      $("stacked").setAttribute("aria-pressed", String(state.stacked));
      $("lines").setAttribute("aria-pressed", String(!state.stacked));
      drawCoverage();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.tagName === "SELECT" || event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey ? 10 : 1;
    const steps = { ArrowLeft: -far, ArrowRight: far, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      event.preventDefault();
      pause();
      goTo(state.frame + steps[event.key]);
    } else if (event.key === " " && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      togglePlay();
    }
  });
  document.documentElement.dataset.ready = "yes";
})();
