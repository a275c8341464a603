//! `require 'middleclass'` and `require 'set'`.

mod support;

use support::{failure, run};

#[test]
fn classes_make_instances_and_inherit() {
    let script = "
        local class = require 'middleclass'
        local Animal = class('Animal')
        function Animal:initialize(name) self.name = name end
        function Animal:speak() return self.name .. ' says ' .. self:sound() end
        function Animal:__tostring() return 'the ' .. self.name end
        function Animal.static.create(the_class, name) return the_class:new(name) end
        local Dog = class('Dog', Animal)
        function Dog:initialize(name) Animal.initialize(self, name .. '!') end
        function Dog:sound() return 'wuff' end
        local rex = Dog('Rex')
        print(rex:speak(), rex, rex.class, Dog.super, Dog.name, Dog:create('Ben').name)
        print(rex:isInstanceOf(Dog), rex:isInstanceOf(Animal), Animal('x'):isInstanceOf(Dog))
        print(Dog:isSubclassOf(Animal), Animal:isSubclassOf(Dog), Animal.subclasses[Dog], rex.create)
        local Cat = Animal:subclass('Cat')
        print(Cat('Tom').name, tostring(class('Empty')()))";
    assert_eq!(
        run(script),
        "Rex! says wuff\tthe Rex!\tclass Dog\tclass Animal\tDog\tBen!\ntrue\ttrue\tfalse\ntrue\tfalse\ttrue\tnil\n\
         Tom\tinstance of class Empty\n"
    );
}

#[test]
fn metamethods_are_inherited_even_when_set_later() {
    let script = "
        local class = require 'middleclass'
        local Number = class('Number')
        function Number:initialize(n) self.n = n end
        local Small = class('Small', Number)
        function Number.__add(a, b) return a.class(a.n + b.n) end
        function Number:__call(x) return self.n * x end
        Number.__eq = function(a, b) return a.n == b.n end
        Number.__index = function(self, key) return key .. '?' end
        print((Small(1) + Small(2)).n, Small(3)(5), Small(4) == Small(4), Small(1).missing)
        function Small.__add() return 'mine' end
        print(Small(1) + Small(2), (Number(1) + Number(2)).n)";
    assert_eq!(run(script), "3\t15\ttrue\tmissing?\nmine\t3\n");
}

#[test]
fn mixins_are_included() {
    let script = "
        local class = require 'middleclass'
        local Flies = { fly = function(self) return self.name .. ' flies' end, static = { wings = function() return 2 end } }
        function Flies:included(the_class) the_class.note = 'included' end
        local Bird = class('Bird'):include(Flies)
        function Bird:initialize(name) self.name = name end
        print(Bird('Eva'):fly(), Bird.wings(), Bird('Eva').note)";
    assert_eq!(run(script), "Eva flies\t2\tincluded\n");
}

#[test]
fn a_class_needs_a_name() {
    assert_eq!(
        failure("local C = require('middleclass')()"),
        "script.lua:1: a class needs a name, such as class('Point')"
    );
}

#[test]
fn sets_keep_the_order_of_insertion() {
    let script = "
        local Set = require 'set'
        local s = Set{3, 1, 3, 2}
        print(s, #s, s:size(), s:contains(1), s:contains(9), Set.empty())
        s:remove(1):add(7):add(1)
        print(s, s == Set{1, 7, 2, 3}, s + Set{8}, s * Set{7, 9}, s - Set{7}, Set{7} < s)
        for element in s:elements() do io.write(element, ' ') end
        for element in pairs(s) do io.write(element, ' ') end";
    assert_eq!(
        run(script),
        "{3, 1, 2}\t3\t3\ttrue\tfalse\t{}\n{3, 2, 7, 1}\ttrue\t{3, 2, 7, 1, 8}\t{7}\t{3, 2, 1}\ttrue\n3 2 7 1 3 2 7 1 "
    );
}
