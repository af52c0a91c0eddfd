// Shows the OpenAPI document of this server; asks nobody else for anything.

// The `type` of a problem document, "/docs/#slot_taken", leads to its line in the table of codes;
// "#/Slots/getSlots" is Swagger UI's own.
const code = location.hash.startsWith("#/") ? "" : location.hash.slice(1);

SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#api",
  deepLinking: !code,
  displayRequestDuration: true,
  docExpansion: "list",
  tryItOutEnabled: true,
  persistAuthorization: false, // a token stays in this page only
  validatorUrl: null,
  onComplete() {
    const line = document.getElementById(code);
    if (!line) return;
    line.closest("details").open = true;
    requestAnimationFrame(() => line.scrollIntoView());
  },
});
