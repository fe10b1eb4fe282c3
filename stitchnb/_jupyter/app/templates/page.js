// What the page says of its own state: that it is still being opened, and that what is behind it has ended.

const EVERY_MS = 4000;
const STOPPED = "The app was stopped. Start it again with stitchnb app, and open the address that it prints.";
const RENEWED = "The app was started anew. Open the address that it printed.";
const ENDED = "This page was idle for long, or its process failed. Reload the page: what was done so far is kept.";

window.voila_process = () => {};
window.voila_finish();
window.voila_heartbeat = () => {
  document.getElementById("loading_text").textContent = "Still opening the account…";
};

{
  const { kernelId, baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const said = document.getElementById("page-stopped");
  let timer = null;
  let isLeaving = false;

  const look = async () => {
    clearTimeout(timer);
    let words = "";
    try {
      const answer = await fetch(`${baseUrl}stitchnb/alive/${kernelId}`, { cache: "no-store", redirect: "error" });
      if (answer.status === 401 || answer.status === 403) words = RENEWED;
      else if (!(await answer.json()).alive) words = ENDED;
    } catch {
      words = STOPPED;
    }
    if (isLeaving) return;
    if (said.textContent !== words) said.textContent = words;
    document.body.classList.toggle("page-is-stopped", words !== "");
    timer = setTimeout(look, EVERY_MS);
  };

  // Voilà tells it too, but not before all of it is there, nor when a tab is closed without being asked.
  addEventListener("pagehide", () => {
    isLeaving = true;
    navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`);
  });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  timer = setTimeout(look, EVERY_MS);
}
