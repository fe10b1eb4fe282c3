// The style sheets follow the system's light or dark by themselves; what widgets ask the body for follows here.
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = `JupyterLab ${dark.matches ? "Dark" : "Light"}`;
  };
  dark.addEventListener("change", follow);
  follow();
}
