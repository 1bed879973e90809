// Comfort only: finding a region by typing, showing what belongs together under the pointer, opening what a link leads to.
const articles = [...document.querySelectorAll("article[data-region]")];
const rows = [...document.querySelectorAll(".world tr[data-region]")];
const find = document.getElementById("find");
find.parentElement.hidden = false;
find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  let count = 0;
  articles.forEach((article, place) => {
    const other = !article.dataset.name.toLowerCase().includes(wanted);
    article.classList.toggle("filtered", other);
    rows[place].classList.toggle("filtered", other);
    count += other ? 0 : 1;
  });
  document.getElementById("found").textContent = wanted ? `${count} found` : "";
});
const light = (region, on) => {
  document.getElementById(`land-${region}`)?.parentElement.classList.toggle("lit", on);
  rows.find((row) => row.dataset.region === region)?.classList.toggle("lit", on);
};
for (const element of [...rows, ...document.querySelectorAll(".picture a")]) {
  const region = element.dataset.region ?? element.getAttribute("href").replace("#region-", "");
  element.addEventListener("pointerenter", () => light(region, true));
  element.addEventListener("pointerleave", () => light(region, false));
}
const opened = () => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.querySelector("details")?.setAttribute("open", "");
addEventListener("hashchange", opened);
opened();
