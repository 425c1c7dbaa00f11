// Something is under way: show the page anew until it has ended. Without script there is a link that does.
if (document.querySelector("[data-under-way]")) setTimeout(() => location.reload(), 3000);
