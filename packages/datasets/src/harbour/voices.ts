import type { Grammar } from './expand.ts';

/** How the harbour speaks: talk, sayings, letters, fables and verses. */
export const voices: Grammar = {
  // Talk.
  greeting: `Have you seen the {boat}? | What have you got there? | Is it true that {claim}? | Where are you going with {object}? | Did you sleep? | Who was that {at}? | May I ask you something? |
    What is the news from {place}? | Are you going out in this? | Have you heard about {person}?`,
  reply: `Who wants to know? | Not since {day}. | Come in, and shut the door. | Ask me again when I have eaten. | No more than you have. | It depends on the wind. | Sit down first. |
    So they say at {spot}. | I have, and I wish I had not. | That is a long story. | Speak up. The sea is loud today. | Maybe. Hold this {thing} for me.`,
  opening: `Hold the ladder. | Listen to that. | The {boat} is late. | It was {many} {beast} yesterday, and today it is {many}. | Somebody has taken {object}. | They say that {claim}. |
    I have lost {object}. | I dreamed about {object} again. | Look at the sky over {head}. | Take the other end of this. | I am going to {place}.`,
  yes: `I hear it. | So it is. | Was it {quality}? | I told you so on {day}. | At this hour? | Again? | What will {person} say? | And who is to pay for it? | All the way to {place}? |
    I am listening. | Nothing surprises me now.`,
  doubt: 'I do not believe it.|Are you certain?|That is what {person} said, and look what happened.|It cannot be.|Since when?|Oh, not again.|Says who?',
  exchange: `
    {a}: What does {person} say about it?\\n{b}: That {claim}. | {a}: And what if {claim}?\\n{b}: Then we shall have to {skill}. | {a}: Can you {skill}?\\n{b}: {ability} |
    {a}: I would give {price} for {object}.\\n{b}: And I would give {price} to be rid of one. | {a}: How far is it to {place}?\\n{b}: {far} |
    {a}: Where did you find {object}?\\n{b}: {At}, under {object}. | {b}: Do you remember {person}?\\n{a}: {remember} | {b}: Is that {object}?\\n{a}: It was. Now it is mostly {stuff}. |
    {a}: Why is it called the {boat}?\\n{b}: {naming} | {a}: They will never believe us at {spot}.\\n{b}: Then we shall say that {claim}. | {b}: What did you have for supper?\\n{a}: {stuff2} |
    {a}: When does the {boat} sail?\\n{b}: {sails} | {b}: There is somebody {at}.\\n{a}: {whoisit} | {a}: What is the sea doing at {spot}?\\n{b}: {seatalk} |
    {b}: What does {person} want with {object}?\\n{a}: {wants} | {a}: Who told you that {claim}?\\n{b}: {told} | {b}: What will you do with {many} {cask} of {stuff}?\\n{a}: {use} |
    {a}: Have they found {object} yet?\\n{b}: {found} | {b}: What are those {many} {beast} doing {at}?\\n{a}: {beasts} | {a}: Did {person} ever {skill}?\\n{b}: {ever2} |
    {a}: Are you afraid of {fear}?\\n{b}: {fearless} | {b}: Tell me what it costs.\\n{a}: {cost} | {b}: Was that {sound}?\\n{a}: It was {cause}.`,
  wants: 'To give it to {person}.|Ask rather what it wants with him.|Nothing good.|To hang it {at}.|To be buried with it.|I have wondered since {day}.|It keeps the {beast} quiet.',
  told: `Nobody. I saw it {at}. | It was {person}, over a cup of tea. | It is written on the door of {spot}. | I dreamed it, and then it was so. | A man from {place}. | The {boat} brought the news. |
    I told it myself, and now it has come back.`,
  use: `Eat. | Sell half, and hide the rest {at}. | Trade it for {object}. | What does anyone do with {stuff}? | Take it to {place} before {day}. | That is between me and {person}. |
    Wait until the price is {price}.`,
  found: 'Only the {matter2} part.|It was never lost. It was {at}.|They found {object}, and stopped looking.|On {day}, and lost it again.|The tide has it.|Look behind you.',
  beasts: `Waiting for {person}. | The same as we are: talking. | They came on the {boat}, and nobody has signed for them. | Eating the {stuff}. | It is too late to ask. |
    Do not count them. They do not like it.`,
  ever2: 'Once, in the year of the {beast}.|Never sober.|Every {day}, when {person} was looking.|He tried, and we still have the {thing} to prove it.|She did it for {price}.|In {place}, they say.',
  matter2: 'lower|upper|wooden|useless|better|painted|loud',
  ability: 'Better than {person} can.|I could, before the storm.|Not with a {thing} in my hand.|In the dark, if I must.|No, but I can {skill}.|Anybody can {skill}. It takes a good man to stop.',
  far: 'As far as it was yesterday.|Two hours with the tide.|Nobody ever came back to say.|Too far for those boots.|A day, if {person} rows.|Look from {head} and see for yourself.',
  At: 'At {spot}|Behind {spot}|On {island}|In the mud|Below {head}|In the net|Beside {spot}',
  remember: `The one with the {thing}? Of course. | I remember what is owed to me. | We were in the same boat for {many} winters. | No, and do not remind me. | She taught me to {skill}. |
    He still has my {thing}. | Who could forget that voice?`,
  naming: `After {person}, who paid for the mast. | Because all the good names were taken. | Ask {person}. It is an old grief. | It was painted on the plank when we found it. |
    Boats tell you their names, if you wait. | It was {many} years ago, and everyone was drunk.`,
  stuff2: 'Herring and {stuff}.|The same as on {day}.|The smell of the neighbours.|Bread and {stuff}, and thankful.|A thin soup and a long story.|Mussels, and I will not eat them again.',
  sails: 'When she is ready.|At {time}, if {person} is awake.|On {day}, or not at all.|She sailed. That is her smoke.|After the {beast} are on board.|Ask the wind.',
  whoisit: 'It is only {person}.|Then ask him in.|Nobody goes there after {time}.|It is {object}, with a hat on.|Do not look. Count to {many}.|She comes there every {day}.',
  seatalk: 'Coming in.|Out, as it does.|What it likes.|Nothing that I would trust.|Making up its mind.|Look at your feet.',
  fearless: 'Only on a {day}.|Who is not?|I was, until I met {person}.|Not when the lamp is lit.|It is the {beast} that I am afraid of.|Ask me on the way home.',
  cost: 'More than it is worth: {price}.|For you, {price}.|Nothing. That is what is wrong with it.|The same as last year, and {price}.|What have you got? Then {price}.',
  parting: `Then I will ask {person}. | Well, the tide will not wait. | I had better see to the {boat}. | Thank you. Mind the step. | I shall be {at}, if {person} asks. |
    Come to supper. There is {stuff}. | That is what I was afraid of. | In that case I will stay at home. | Tell nobody.`,
  last: `Tell them I said so. | Mind the ladder. | And bring back my {thing}! | Off with you, then. | Come again on {day}. | Aye. So it goes. | May the wind be with you. | Not a word to {person}. |
    That is what they all say. | Shut the door, it is blowing.`,

  // Sayings.
  saying: `When {omen}, {advice}. | If {omen}, {advice}. | Never {skill} when {omen}. | {virtue3} is {likened}. | A {quality} {thing} is better than {many} {cask} of {stuff}. |
    {omen2} means {outcome}. | Who cannot {skill} must {skill}. | Do not lend a {thing} to a man who has {many} {beast}. | No {thing} was ever mended by talking to it. | Every boat is {likened2}.`,
  omen: `the gulls sit on the land | the moon has a ring | the cat sleeps on the stove | the seals sing {at} | smoke falls | the tide is late | the kettle sings before noon |
    the wind goes round with the sun | the fog comes in by the door | the {beast} will not be driven | {person} is cheerful | you can see {place} too clearly | the swallows fly low |
    the rope is stiff in the morning | the well tastes of {stuff}`,
  advice: `tie the boat twice | leave the washing in | put to sea before noon | look for rain by {day} | sell your {stuff} | ask the oldest woman in the house | trust the lamp and not the eye |
    stay at home and mend | expect a stranger | say nothing to {person} | lay in oil for the winter | bring the {beast} down from the moor | count your {beast} and go to bed`,
  omen2: 'A red sky over {head}|A dream about {object}|A feather on the step|An itching ear|Three gulls in a line|A spoon dropped at supper|A ring in the lamp|Foam on {tarn}',
  outcome: 'wind from the south|news by {day}|a letter from {place}|a hungry guest|a death among the {beast}|{many} days of rain|nothing at all, but it is seldom wrong|that {claim}',
  virtue3: 'Hope|A secret|A lie|Anger|Love|Sleep|An old friend|A debt|Time|Bad news|A good name|A promise|Winter',
  likened: `a lantern: it shows the hand that holds it | like a wet rope: heavy, and it holds | like {stuff}: keep it dry | a guest who eats little | a boat that leaks upward |
    like the tide: do not run after it | a door with no wall | a net: the skill is in the holes | a lamp in the daytime | bread for one day`,
  likened2: 'a house that wants to leave|a wall against the water|a promise made of wood|as old as her worst plank|safe at the quay, and for that nobody built her|the daughter of somebody',

  // Letters.
  opener: `I hope that this finds you well and dry. | It has rained since your letter came. | The ferry brought your parcel on {day}. | There is not much to tell, and so I will tell all of it. |
    I write this {at}, with my gloves on. | Thank you for the {stuff}, which arrived as {stuff}. | Do not be angry that I have not written.`,
  news: `{Person} {did}. | The {boat} {trouble}, as you will have heard, but {comfort}. | We have had {many} {beast} in the kitchen since {day}. | {Person} tells everyone that {claim}. |
    I can {skill} now, and nearly {skill}. | The roof of {spot} came off and was found on {island}. | Father has bought {object}, and will not say why. |
    I have planted {stuff} {at}, and {person} laughs at me. | The cat has had four kittens in {object}. | All the talk is of {person} and {object}.`,
  comfort: 'nobody was hurt|it was insured|{person} is glad of it|we have the {thing} back|she is all the better for it|it made a good story|the cook is happy',
  asking: `Do you still have my {thing}? | Is it true that {claim}? | Will you come for the {moon} Moon? | Have you learned to {skill} at last? | How is {person}, and what became of the {thing}? |
    What does one do about {beast}?`,
  wish: `Think of me when you hear {sound}. | Come home when the {boat} does. | Eat something. | Do not forget to {skill}. | Send {stuff}, if there is any. | The lamp is lit, and I must stop. |
    Till the tide turns, be good. | Tell {person} that I was asking. | I look for your sail every {day}.`,
  signed: '{ever} {name2}|{ever} {name2}|{ever} {elder4}',
  ever: 'Ever your|Always your|Still your|In haste, your|With love, your',
  elder4: 'sister|brother|mother|father|old friend|aunt|cousin',

  // Notices and fables.
  reason: 'of the ice|{claim}|it fell down|the {boat} is in it|{person} is to be married there|of {object}|nobody can find the key|of a smell|the {beast} are loose',
  animal: 'seal|gull|crab|heron|cormorant|herring|limpet|lobster|mouse from the church|goat|swan|cat from the net loft|moth|dog|oyster|otter|old pike|hen',
  boast: 'I have been as far as {place},|I can see {head} from here,|Nobody has ever caught me,|I own {object},|I was here before the sea,|I never sleep,|The moon follows me home,',
  retort: `So has the fog, | Then who is it that I hear snoring? | Nor has anyone tried, | Tell me that when {omen}, | It must be a great deal to carry, | And still you came to me, |
    I thought that I smelled {stuff},`,
  went: 'went under|went home to {spot}|sat down on it|ate its supper|closed its shell|would say no more|the tide came in over them both|swam away laughing',
  moral: `And so the {thing} was left to the sea. | That was the end of it, or nearly. | The one who told me this had it from a {animal}. | Such things are heard {at}, by those who wait. |
    It is still told to children when {omen}. | They have not spoken of it since. | The tide came in, as it does, and took no side. | It is the same with people.`,
  claimed: 'It was mine before it was found,|I saw it in a dream,|My mother sat on it,|Whoever is cold should have it,|Let the tide decide,|I am the larger,|I am the hungrier,|It fits nobody else,',
  fate: 'sank|was sold to {person}|went out with the tide|turned out to be {object}|was given to the {boat}|broke in two|grew legs and left',
  shared: 'only the quarrel|the hole where it had been|each other|a good story|plenty of room|nothing to quarrel about, and were bored',
  virtue: 'brave|wise|quick|content|patient|rich|quiet|honest|beautiful|free|warm',
  lesson: 'First learn to {skill},|Do nothing for {many} days,|Look at the sea until it looks at you,|Sit {at} and wait,|Ask somebody else,|Do without your {thing},|Sleep less, and listen,',
  tried: 'did so|tried it twice|did the opposite|thought about it for a week|laughed, but did it|did as it was told',
  fear: 'the dark|deep water|{sound}|the moon|being forgotten|{person}|the north wind|heights|the bottom of the sea|{object}|its own shadow|the ferry',
  hid: 'lived {at}|sang very loudly|slept in {object}|grew a thick coat|made jokes|called it prudence',
  confession: `I am afraid as well. | I have come because it is dark where I am. | I heard you being afraid, and it is a good sound when one is alone. | Move over. |
    So that is where my fear has been living.`,
  better: 'another thing altogether|half the price|nearly a party|how villages begin|the same as being brave|warmer',

  // Verses, by rhyme.
  inSea: `The {boat} has gone to look for the sea, | And none of the others is faster than she, | There is bread on the table for you and for me, | With {many} {cask} of {stuff} on the lee, |
    And the lamp in the window as warm as can be, | As tall and as still as a winter tree, | And nobody asked if the prisoner was free, | The smoke of {place} is all that we see, |
    Oh, leave out the {thing} and carry the key, | They were {many} at supper, and now they are three,`,
  inNight: `The moon on {island} was narrow and white, | And somebody sang in the middle of the night, | So trim the wick and look to the light, | The rope may be old but the knot is tight, |
    And the {boat} went by like a bird in flight, | With a star on the left and a star on the right, | And never a sail nor a shore in sight, | The {thing} of the captain was polished and bright, |
    The wind has a tooth, and the frost has a bite,`,
  inDay: `The {boat} came home at the end of the day, | With {stuff} in the hold and the mast shot away, | And the gulls over {head} had nothing to say, | Some of us go, and the rest of us stay, |
    The morning was silver, the evening was grey, | And where is the penny I gave you to pay? | A ring and a {thing} and a bundle of hay, | So lift up the lantern and show me the way, |
    They are dancing tonight at the top of the bay,`,
  inShore: `A {thing} and a bottle were washed to the shore, | And nobody knew what the letter was for, | The {boat} has a dragon carved over her door, |
    I had {many} good reasons, and now I have more, | The tide left its silver all over the floor, | She counted the waves, and she counted to four, |
    And the wind in the chimney was starting to roar, | It was never so quiet in {place} before, | With a patch on the sail and a crack in the oar,`,
  inTide: `The {boat} put out on the evening tide, | With a cat at the helm and the mate for a bride, | The bay is deep and the sea is wide, | With {stuff} and with {stuff} piled up on the side, |
    And what could we do but lie down there and hide? | They say that it never was known who had lied, | The {animal} listened, the {animal} cried, | A lantern for captain, the stars for a guide, |
    Oh, mother, the {beast} have got loose in the ride,`,
};
