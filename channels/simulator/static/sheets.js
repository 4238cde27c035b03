// Dialogs: each resolves when it is answered, and closes by Escape, its cancel button or beside it.

const sheet = (name) => document.getElementById(`${name}-sheet`);

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}

/** Opens a form; `act(data)` may reject, its message is then shown and the sheet stays. */
export function ask(name, act) {
  const dialog = sheet(name);
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector(".problem");
  form.reset();
  problem.textContent = "";
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await act(Object.fromEntries(new FormData(form)));
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  dialog.showModal();
}

/** Opens the list of places; `take(place)` for the one chosen. */
export function choosePlace(places, makeButton, take) {
  const dialog = sheet("place");
  document.getElementById("places").replaceChildren(
    ...places.map((place) => {
      const button = makeButton(place);
      button.addEventListener("click", () => { dialog.close(); take(place); });
      return button;
    }),
  );
  dialog.showModal();
}

export function showPicture(url) {
  document.getElementById("picture").src = url;
  sheet("picture").showModal();
}
