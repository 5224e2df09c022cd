// Asks the authenticator and puts its answer into the form. Nothing else on
// these pages needs a script.
"use strict";
const form = document.querySelector("form[data-passkey]");
const button = form.querySelector("button");
const problem = form.querySelector(".problem");

async function ask() {
  const options = JSON.parse(form.dataset.options).publicKey;
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

button.addEventListener("click", async () => {
  button.disabled = true;
  problem.hidden = true;
  try {
    const answer = await ask();
    form.elements.response.value = JSON.stringify(answer.toJSON());
    form.submit();
  } catch (error) {
    problem.textContent = "The authenticator gave no answer: " + error.message;
    problem.hidden = false;
    button.disabled = false;
  }
});
