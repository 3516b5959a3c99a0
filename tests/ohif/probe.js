// What stands in the viewports now. Outlines are SVG over the canvas; what is computed of pixels is in the canvas.
() => {
  const grid = document.querySelector('[data-cy="viewport-grid"]');
  const canvas = grid && grid.querySelector('canvas.cornerstone-canvas');
  const box = canvas && canvas.getBoundingClientRect();
  const outlines = grid ? [...grid.querySelectorAll('svg.svg-layer :is(polyline, path, ellipse)')] : [];
  const drawn = outlines.filter(one => !one.closest('defs') && one.getBBox().width + one.getBBox().height > 5);
  const corners = one => {
    const matrix = one.getScreenCTM();
    const points = one.points ? [...one.points] : [];
    return points.map(p => p.matrixTransform(matrix)).map(p => [p.x - box.x, p.y - box.y]);
  };
  const texts = element => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (walker.currentNode.textContent.trim()) found.push(walker.currentNode);
    return found;
  };
  const leaves = (text, element) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect().right > element.getBoundingClientRect().right;
  };
  return {
    outlines: canvas ? drawn.map(corners) : [],
    labels: [...document.querySelectorAll('svg.svg-layer g[data-annotation-uid] text')].map(text =>
      [...text.querySelectorAll('tspan')].map(line => line.textContent)),
    picture: canvas && canvas.width ? canvas.toDataURL('image/png') : '',
    text: grid ? grid.innerText : '',
    embedded: grid ? grid.querySelectorAll('object[type="application/pdf"][data]').length : 0,
    cut: grid ? texts(grid).filter(one => leaves(one, grid)).map(one => one.textContent) : [],
  };
}
